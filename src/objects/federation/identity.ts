/** The hub's keys. The private ones are in this object's storage and never leave it. */
import { KEY_OVERLAP_MS } from "../../core/time/durations.ts";
import { importPrivateKey, type KeyPair, newKeyPair } from "../../federation/keys.ts";
import {
  newNonce,
  type SentRequest,
  type SignableAnswer,
  type SignableRequest,
  type SigningKey,
  signAnswer,
  signRequest,
} from "../../federation/signatures.ts";

const STORED_AS = "keys";
const MARK_SECRET = "mark_secret";
const MAX_KEYS = 4;

export class Identity {
  readonly #storage: DurableObjectStorage;
  readonly #imported = new Map<string, CryptoKey>();

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** The newest first. The first call makes a key. `now`: Unix ms. */
  async keys(now: number): Promise<KeyPair[]> {
    const stored = (await this.#storage.get<KeyPair[]>(STORED_AS)) ?? [];
    const valid = stored.filter(({ not_after }) => not_after === null || not_after > now);
    if (valid.length > 0) return valid;
    const first = [await newKeyPair(now)];
    await this.#storage.put(STORED_AS, first);
    return first;
  }

  /** Makes a new key. The one before stays valid for a while. `now`: Unix ms. */
  async rotate(now: number): Promise<void> {
    const [newest, ...older] = await this.keys(now);
    const ending = newest === undefined ? [] : [{ ...newest, not_after: now + KEY_OVERLAP_MS }];
    await this.#storage.put(STORED_AS, [await newKeyPair(now), ...ending, ...older].slice(0, MAX_KEYS));
  }

  /** Signs with the key that the other hub knows, if this hub still has it. Returns the headers. `now`: Unix ms. */
  async sign(
    request: SignableRequest,
    knownKid: string | null,
    now: number,
    nonce = newNonce(),
  ): Promise<Record<string, string>> {
    const key = await this.#signingKey(knownKid, now);
    return await signRequest(request, key, { now, nonce });
  }

  /** Signs the answer to a request, in the same way. Returns the headers to send. */
  async signAnswer(
    answer: SignableAnswer,
    request: SentRequest,
    knownKid: string | null,
    now: number,
  ): Promise<Record<string, string>> {
    return await signAnswer(answer, request, await this.#signingKey(knownKid, now), now);
  }

  /** Names what this hub gives to others, so that it knows again what is its own. Not in the database: that may be restored. */
  async markSecret(): Promise<string> {
    const known = await this.#storage.get<string>(MARK_SECRET);
    if (known !== undefined) return known;
    const secret = newNonce();
    await this.#storage.put(MARK_SECRET, secret);
    return secret;
  }

  async #signingKey(knownKid: string | null, now: number): Promise<SigningKey> {
    const keys = await this.keys(now);
    const pair = keys.find(({ kid }) => kid === knownKid) ?? keys[0];
    if (pair === undefined) throw new Error("this hub has no key");
    return { kid: pair.kid, privateKey: await this.#import(pair) };
  }

  async #import(pair: KeyPair): Promise<CryptoKey> {
    const known = this.#imported.get(pair.kid);
    if (known !== undefined) return known;
    const key = await importPrivateKey(pair);
    this.#imported.set(pair.kid, key);
    return key;
  }
}
