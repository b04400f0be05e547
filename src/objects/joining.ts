/** How this hub and others come to know each other: what it says of itself, and the registrations in both directions. */

import { version } from "../../package.json";
import type { Clock } from "../core/clock.ts";
import { INTRODUCTION_RETRY_MS, JOIN_REQUEST_MS } from "../core/durations.ts";
import {
  type HubDocument,
  type Introduction,
  type Joined,
  type JoinReason,
  PROTOCOL,
  type PublicKey,
  type Registration,
  type RegistrationAnswer,
} from "../core/federation.ts";
import type { Settings } from "../core/settings.ts";
import { JoinRefused, join, register, withoutSlash } from "../federation/join.ts";
import { importPublicKey, toPublicKey } from "../federation/keys.ts";
import { readDocument, sendLeave, sendRegistration } from "../federation/peer-requests.ts";
import { newNonce, type SignableRequest, SignatureRefused, verifyRequest } from "../federation/signatures.ts";
import type { ArrivedRequest, Refusable } from "../platform/bindings.ts";
import { errorText, log } from "../platform/log.ts";
import type { Db } from "../store/database.ts";
import { countHubs, getHub, saveHub } from "../store/hubs.ts";
import type { Identity } from "./identity.ts";
import type { Nonces } from "./nonces.ts";

/** Wrong join tokens that are looked at in a minute, from anyone. */
const MAX_WRONG_PROOFS = 10;
const MINUTE_MS = 60_000;

export interface JoiningDeps {
  clock: Clock;
  settings: Settings;
  db: Db;
  identity: Identity;
  nonces: Nonces;
  /** Called after a hub was added, or after what is known of it was replaced. */
  hubsChanged(hubId: string): Promise<void>;
}

export class Joining {
  readonly #deps: JoiningDeps;
  #wrongProofs: number[] = [];
  /** By hub id: when an introduction of it counts again, Unix ms. */
  readonly #introduced = new Map<string, number>();

  constructor(deps: JoiningDeps) {
    this.#deps = deps;
  }

  /** What this hub says of itself; null: it has no public address. */
  async document(): Promise<HubDocument | null> {
    const { HUB_ID: hub_id, HUB_URL, HUB_NAME, HUB_REGION } = this.#deps.settings;
    if (HUB_URL === undefined) return null;
    const keys = await this.#deps.identity.keys(this.#deps.clock.now());
    return {
      hub_id,
      name: HUB_NAME ?? null,
      url: withoutSlash(HUB_URL),
      region: HUB_REGION ?? null,
      version,
      protocol: PROTOCOL,
      capabilities: ["sync", "events"],
      keys: keys.map(toPublicKey),
    };
  }

  async join(url: string, reason: JoinReason): Promise<Refusable<Joined>> {
    return await refusable(async () => {
      const own = await this.#own();
      const nonce = newNonce();
      const request = this.#request(null, nonce);
      const joined = await join(withoutSlash(url), reason, {
        ...this.#joinDeps(own),
        nonce,
        send: (hubUrl, registration) => sendRegistration(hubUrl, registration, request),
      });
      log("info", "federation.joined", { ...joined });
      await this.#deps.hubsChanged(joined.hub_id);
      return joined;
    });
  }

  /** `caller`: for the log. */
  async register(
    registration: Registration,
    request: ArrivedRequest,
    caller: string,
  ): Promise<Refusable<RegistrationAnswer>> {
    const answer = await refusable(async () => {
      this.#refuseTooManyProofs();
      const answered = await register(registration, {
        ...this.#joinDeps(await this.#own()),
        verify: (keys) => this.#verify(request, keys),
        wrongProof: () => void this.#wrongProofs.push(this.#deps.clock.now()),
      });
      await this.#deps.hubsChanged(registration.hub_id);
      return answered;
    });
    const { hub_id: hub, url } = registration;
    if (answer.ok) log("info", "federation.registered", { hub, url, trust: answer.value.trust });
    else log("warn", "federation.refused", { hub, url, caller, reason: answer.words });
    return answer;
  }

  /** Joins hubs that another hub introduced. */
  async meet(hubs: readonly Introduction[]): Promise<void> {
    const now = this.#deps.clock.now();
    for (const { hub_id, url } of hubs) {
      if (hub_id === this.#deps.settings.HUB_ID || (this.#introduced.get(hub_id) ?? 0) > now) continue;
      this.#introduced.set(hub_id, now + INTRODUCTION_RETRY_MS);
      const known = await getHub(this.#deps.db, hub_id);
      if (known !== undefined && known.trust !== "heard") continue;
      const joined = await this.join(url, "introduced");
      if (!joined.ok) log("info", "federation.introduction_failed", { hub: hub_id, url, reason: joined.words });
    }
  }

  /** Tells a hub once that it was removed here. */
  async tellRemoved(hubId: string, url: string, knownKid: string | null): Promise<void> {
    try {
      await sendLeave(url, this.#deps.settings.HUB_ID, this.#request(knownKid));
    } catch (error) {
      log("info", "federation.leave_not_told", { hub: hubId, error: errorText(error) });
    }
  }

  #request(knownKid: string | null, nonce = newNonce()) {
    return {
      allowPrivate: this.#deps.settings.ALLOW_PRIVATE_TARGETS,
      timeoutMs: JOIN_REQUEST_MS,
      sign: async (request: SignableRequest) =>
        (await this.#deps.identity.sign(request, knownKid, this.#deps.clock.now(), nonce)).headers,
    };
  }

  async #own(): Promise<HubDocument> {
    const own = await this.document();
    if (own === null) throw new JoinRefused(403, "this hub takes part in no federation: HUB_URL is not set");
    return own;
  }

  #joinDeps(own: HubDocument) {
    const { db, settings } = this.#deps;
    const { now } = this.#deps.clock;
    return {
      now,
      own,
      token: settings.FEDERATION_TOKEN,
      documentAt: (url: string) => readDocument(url, settings.ALLOW_PRIVATE_TARGETS),
      known: async (hubId: string) => {
        const row = await getHub(db, hubId);
        return row === undefined || row.trust === "heard" ? undefined : row;
      },
      counts: () => countHubs(db),
      save: (hub: HubDocument, fields: Parameters<typeof saveHub>[2]) => saveHub(db, hub, fields, now()),
    };
  }

  async #verify(request: ArrivedRequest, keys: readonly PublicKey[]): Promise<{ kid: string; nonce: string }> {
    const arrived = { ...request, headers: new Headers(request.headers) };
    const keyOf = async (kid: string) => {
      const key = keys.find((each) => each.kid === kid);
      return key === undefined ? null : await importPublicKey(key);
    };
    const signed = await verifyRequest(arrived, keyOf, this.#deps.clock.now());
    const used = this.#deps.nonces.use(signed.nonce, this.#deps.clock.now());
    if (used === "used") throw new SignatureRefused("the request was sent before");
    if (used === "full") throw new JoinRefused(429, "too many registrations");
    return signed;
  }

  #refuseTooManyProofs(): void {
    const since = this.#deps.clock.now() - MINUTE_MS;
    this.#wrongProofs = this.#wrongProofs.filter((at) => at > since);
    if (this.#wrongProofs.length >= MAX_WRONG_PROOFS) throw new JoinRefused(429, "too many wrong join tokens; wait");
  }
}

async function refusable<T>(work: () => Promise<T>): Promise<Refusable<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    if (error instanceof JoinRefused) return { ok: false, status: error.status, words: error.message };
    if (error instanceof SignatureRefused) return { ok: false, status: 401, words: error.message };
    return { ok: false, status: 400, words: error instanceof Error ? error.message : String(error) };
  }
}
