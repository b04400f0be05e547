/** Joins the hubs that FEDERATION_PEERS names, and tries until it works. What was joined outlasts an eviction. */

import type { Joined } from "../../core/federation/federation.ts";
import type { Clock } from "../../core/time/clock.ts";
import { JOIN_MAX_RETRY_MS } from "../../core/time/durations.ts";
import type { Refusable } from "../../platform/bindings.ts";
import { log } from "../../platform/log.ts";

/** Stored under this and the address: the id of the hub that was joined there; empty: it is not asked again. */
const JOINED = "joined:";

export interface ConfiguredPeersDeps {
  clock: Clock;
  join(url: string): Promise<Refusable<Joined>>;
  isKnown(hubId: string): Promise<boolean>;
}

export class ConfiguredPeers {
  readonly #storage: DurableObjectStorage;
  readonly #urls: readonly string[];
  readonly #deps: ConfiguredPeersDeps;
  /** Addresses that could not be joined. */
  readonly #attempts = new Map<string, { failures: number; nextAt: number }>();

  constructor(storage: DurableObjectStorage, urls: readonly string[], deps: ConfiguredPeersDeps) {
    this.#storage = storage;
    this.#urls = urls;
    this.#deps = deps;
  }

  /** Returns when to call it again, Unix ms; null: every hub is joined. */
  async joinAll(): Promise<number | null> {
    const now = this.#deps.clock.now();
    const times: number[] = [];
    for (const url of this.#urls) {
      if (await this.#isJoined(url)) continue;
      const attempt = this.#attempts.get(url) ?? { failures: 0, nextAt: 0 };
      if (attempt.nextAt > now && attempt.nextAt <= now + JOIN_MAX_RETRY_MS) times.push(attempt.nextAt);
      else if (!(await this.#join(url, attempt))) times.push(attempt.nextAt);
    }
    return times.length === 0 ? null : Math.min(...times);
  }

  async #join(url: string, attempt: { failures: number; nextAt: number }): Promise<boolean> {
    const joined = await this.#deps.join(url);
    // A hub that was removed, or that is this one, is not asked again.
    if (joined.ok || joined.error.status === 409) {
      await this.#storage.put(JOINED + url, joined.ok ? joined.value.hub_id : "");
      return true;
    }
    attempt.failures += 1;
    attempt.nextAt = this.#deps.clock.now() + Math.min(JOIN_MAX_RETRY_MS, 1_000 * 2 ** (attempt.failures - 1));
    this.#attempts.set(url, attempt);
    log("warn", "federation.join_failed", { url, reason: joined.error.words, attempt: attempt.failures });
    return false;
  }

  /** False when the hub left, so that it is joined again. */
  async #isJoined(url: string): Promise<boolean> {
    const hubId = await this.#storage.get<string>(JOINED + url);
    return hubId !== undefined && (hubId === "" || (await this.#deps.isKnown(hubId)));
  }
}
