/**
 * Codes for the ids of events. JetStream drops a message whose `Nats-Msg-Id` it has seen, and whoever may publish on the
 * stream's subjects could be first with an id that is easy to guess. So a part of it is a code (HMAC-SHA256) under a
 * secret that stays in the bridge's storage. The same event always has the same code.
 */
const SECRET_KEY = "event_secret";
const CODE_BYTES = 12;

export class EventCodes {
  readonly #storage: DurableObjectStorage;
  #key: Promise<CryptoKey> | null = null;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  async codeOf(id: string): Promise<string> {
    this.#key ??= this.#imported();
    const code = await crypto.subtle.sign("HMAC", await this.#key, new TextEncoder().encode(id));
    return [...new Uint8Array(code).subarray(0, CODE_BYTES)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  async #imported(): Promise<CryptoKey> {
    const known = this.#storage.kv.get<string>(SECRET_KEY);
    const secret = known ?? crypto.randomUUID();
    if (known === undefined) this.#storage.kv.put(SECRET_KEY, secret);
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    return await crypto.subtle.importKey("raw", new TextEncoder().encode(secret), algorithm, false, ["sign"]);
  }
}
