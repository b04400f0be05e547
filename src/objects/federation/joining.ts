/** How this hub and others come to know each other: what it says of itself, and the registrations in both directions. */

import { version } from "../../../package.json";
import {
  type HubDocument,
  type Introduction,
  type Joined,
  type JoinReason,
  PROTOCOL,
  type PublicKey,
  type Registration,
  type RegistrationAnswer,
} from "../../core/federation/federation.ts";
import type { Settings } from "../../core/hub/settings.ts";
import type { Clock } from "../../core/time/clock.ts";
import { INTRODUCTION_RETRY_MS, JOIN_REQUEST_MS } from "../../core/time/durations.ts";
import { messageOf } from "../../core/values/error-message.ts";
import type { HubRequest } from "../../federation/hub-fetch.ts";
import { JoinRefused, join, register } from "../../federation/join.ts";
import { keyOfList, toPublicKey } from "../../federation/keys.ts";
import {
  type RequestDeps,
  readDocument,
  sendLeave,
  sendRegistration,
  withoutSlash,
} from "../../federation/peer-requests.ts";
import { newNonce, type SignableRequest, SignatureRefused, verifyRequest } from "../../federation/signatures.ts";
import type { ArrivedRequest, Refusable, Refusal } from "../../platform/bindings.ts";
import { errorText, log } from "../../platform/log.ts";
import type { Db } from "../../store/database.ts";
import { countHubs, getHub, hubOfKey, type SavedHub, saveHub } from "../../store/federation/hubs.ts";
import type { HubRow } from "../../store/tables/federation-tables.ts";
import { Budget } from "../sockets/budget.ts";
import type { Identity } from "./identity.ts";
import type { Nonces } from "./nonces.ts";

/** Wrong join tokens that are looked at in a minute, from anyone. */
const MAX_WRONG_PROOFS = 10;
/** Addresses that strangers name are called this often in a minute, for all of them together. */
const MAX_STRANGERS = 20;
const MINUTE_MS = 60_000;
/** Addresses that other hubs introduce are called this often. */
const MAX_MET_AT_ONCE = 10;
const MAX_MET_AN_HOUR = 100;
const HOUR_MS = 3_600_000;
/** Hubs of which it is remembered that they were introduced. */
const MAX_INTRODUCED = 1_000;

type RemovedHub = Pick<HubRow, "hub_id" | "keys" | "known_kid">;

export interface JoiningDeps {
  clock: Clock;
  settings: Settings;
  db: Db;
  identity: Identity;
  nonces: Nonces;
  /** See HubRequest. */
  fetch: HubRequest["fetch"];
  /** Called after a hub was added, or after what is known of it was replaced. */
  hubsChanged(hubId: string): Promise<void>;
}

export class Joining {
  readonly #deps: JoiningDeps;
  readonly #wrongProofs = new Budget(MAX_WRONG_PROOFS, MINUTE_MS);
  readonly #strangers = new Budget(MAX_STRANGERS, MINUTE_MS);
  readonly #met = new Budget(MAX_MET_AN_HOUR, HOUR_MS);
  /** By hub id: when an introduction of it counts again, Unix ms. Those of longest ago come first. */
  readonly #introduced = new Map<string, number>();

  constructor(deps: JoiningDeps) {
    this.#deps = deps;
  }

  /** The document of this hub; null: it has no public address. */
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

  /** `expected`: the id that the hub must have; undefined: any. */
  async join(url: string, reason: JoinReason, expected?: string): Promise<Refusable<Joined>> {
    return await refusable(async () => {
      const own = await this.#own();
      const nonce = newNonce();
      const joined = await join(
        withoutSlash(url),
        { reason, expected },
        {
          ...this.#joinDeps(own, null),
          nonce,
          send: (hubUrl, registration, key) =>
            sendRegistration(hubUrl, registration, { ...this.#request(null, nonce), keyOf: keyOfList([key]) }),
        },
      );
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
    const { hub_id: hub, url } = registration;
    const now = this.#deps.clock.now;
    const answer = await refusable(async () => {
      if (this.#wrongProofs.isSpent(now())) throw new JoinRefused(429, "too many wrong join tokens; wait");
      const answered = await register(registration, {
        ...this.#joinDeps(await this.#own(), caller),
        verify: (key) => this.#verify(request, key),
        wrongProof: () => this.#wrongProofs.spend(now()),
        beforeCall: () => {
          if (this.#strangers.isSpent(now())) throw new JoinRefused(429, "too many registrations; wait");
          this.#strangers.spend(now());
        },
        foundNothing: (error) => log("info", "federation.nobody_there", { hub, url, error: errorText(error) }),
      });
      await this.#deps.hubsChanged(registration.hub_id);
      return answered;
    });
    if (answer.ok) log("info", "federation.registered", { hub, url, trust: answer.value.trust });
    else log("warn", "federation.refused", { hub, url, caller, reason: answer.error.words });
    return answer;
  }

  /** Joins hubs that another hub introduced, as far as they are new. */
  async meet(hubs: readonly Introduction[]): Promise<void> {
    const now = this.#deps.clock.now();
    let met = 0;
    for (const { hub_id, url } of hubs) {
      if (hub_id === this.#deps.settings.HUB_ID || (this.#introduced.get(hub_id) ?? 0) > now) continue;
      const known = await getHub(this.#deps.db, hub_id);
      if (known !== undefined && known.trust !== "heard") continue;
      if (met === MAX_MET_AT_ONCE || this.#met.isSpent(now)) return;
      met += 1;
      this.#met.spend(now);
      this.#noteIntroduced(hub_id, now + INTRODUCTION_RETRY_MS);
      const joined = await this.join(url, "introduced", hub_id);
      if (!joined.ok) log("info", "federation.introduction_failed", { hub: hub_id, url, reason: joined.error.words });
    }
  }

  #noteIntroduced(hubId: string, until: number): void {
    this.#introduced.delete(hubId);
    this.#introduced.set(hubId, until);
    const [oldest] = this.#introduced.keys();
    if (this.#introduced.size > MAX_INTRODUCED && oldest !== undefined) this.#introduced.delete(oldest);
  }

  /** Tells a hub once that it was removed here. */
  async tellRemoved({ hub_id: hubId, keys, known_kid }: RemovedHub, url: string): Promise<void> {
    try {
      const request = { ...this.#request(known_kid), keyOf: keyOfList(keys) };
      await sendLeave(url, this.#deps.settings.HUB_ID, request);
    } catch (error) {
      log("info", "federation.leave_not_told", { hub: hubId, error: errorText(error) });
    }
  }

  #request(knownKid: string | null, nonce = newNonce()): RequestDeps {
    return {
      now: this.#deps.clock.now,
      allowPrivate: this.#deps.settings.ALLOW_PRIVATE_TARGETS,
      fetch: this.#deps.fetch,
      timeoutMs: JOIN_REQUEST_MS,
      sign: (request: SignableRequest) => this.#deps.identity.sign(request, knownKid, this.#deps.clock.now(), nonce),
    };
  }

  async #own(): Promise<HubDocument> {
    const own = await this.document();
    if (own === null) throw new JoinRefused(403, "this hub takes part in no federation: HUB_URL is not set");
    return own;
  }

  /** `caller`: the address from which a hub registers; null: it does not. */
  #joinDeps(own: HubDocument, caller: string | null) {
    const { db, settings } = this.#deps;
    const { now } = this.#deps.clock;
    return {
      now,
      own,
      token: settings.FEDERATION_TOKEN,
      documentAt: (url: string) => readDocument(url, this.#request(null)),
      known: async (hubId: string) => {
        const row = await getHub(db, hubId);
        return row === undefined || row.trust === "heard" ? undefined : row;
      },
      ownerOf: async (kid: string) => (await hubOfKey(db, kid))?.hub_id,
      counts: () => countHubs(db, caller),
      save: (hub: Parameters<typeof saveHub>[1], fields: Omit<SavedHub, "registered_from">) =>
        saveHub(db, hub, { ...fields, registered_from: caller }, now()),
    };
  }

  async #verify(request: ArrivedRequest, key: PublicKey): Promise<string> {
    const arrived = { ...request, headers: new Headers(request.headers) };
    const { nonce } = await verifyRequest(arrived, keyOfList([key]), this.#deps.clock.now());
    const used = this.#deps.nonces.use(nonce, this.#deps.clock.now());
    if (used === "used") throw new SignatureRefused("the request was sent before");
    if (used === "full") throw new JoinRefused(429, "too many registrations");
    return nonce;
  }
}

async function refusable<T>(work: () => Promise<T>): Promise<Refusable<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    if (error instanceof JoinRefused) return refused(error.status, error.message);
    if (error instanceof SignatureRefused) return refused(401, error.message);
    return refused(400, messageOf(error));
  }
}

export function refused(status: Refusal["status"], words: string): { ok: false; error: Refusal } {
  return { ok: false, error: { status, words } };
}
