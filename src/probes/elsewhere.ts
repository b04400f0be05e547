/**
 * Hands checks that others hold up to further invocations. Each of those has six connections of its own, so that hosts
 * which hang hold up nobody else.
 */

import { CHECKS_ELSEWHERE, longestTimeout, MAX_ELSEWHERE } from "../core/lane/slots.ts";
import type { Check } from "../core/service/check.ts";
import type { Observation } from "../core/service/records.ts";
import { WAY_TO_VANTAGE_MS } from "../core/time/durations.ts";
import { chunksOf } from "../core/values/chunks.ts";

/** The checks of a round give up waiting within the same moment. */
const GATHER_MS = 20;

interface Handed {
  check: Check;
  /** Null: the check could not be done elsewhere. */
  done(observation: Observation | null): void;
}

/** Of one invocation, whose rounds share the number of further ones. */
export class Elsewhere {
  readonly #run: (checks: Check[]) => Promise<(Observation | null)[]>;
  #waiting: Handed[] = [];
  #left = MAX_ELSEWHERE;

  /** `run`: begins an invocation for at most CHECKS_ELSEWHERE checks; returns the observations in their order. */
  constructor(run: (checks: Check[]) => Promise<(Observation | null)[]>) {
    this.#run = run;
  }

  /** Returns null when no invocation is left, or it failed: the check is then done here, when it is its turn. */
  probe(check: Check): Promise<Observation | null> {
    const { promise, resolve: done } = Promise.withResolvers<Observation | null>();
    this.#waiting.push({ check, done });
    if (this.#waiting.length === 1) setTimeout(() => this.#send(), GATHER_MS);
    return promise;
  }

  #send(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const part of chunksOf(waiting, CHECKS_ELSEWHERE)) {
      this.#left -= 1;
      if (this.#left >= 0) void this.#hand(part);
      else for (const { done } of part) done(null);
    }
  }

  async #hand(part: readonly Handed[]): Promise<void> {
    const checks = part.map(({ check }) => check);
    const { promise: silent, resolve: giveUp } = Promise.withResolvers<(Observation | null)[]>();
    const timer = setTimeout(() => giveUp([]), longestTimeout(checks) + WAY_TO_VANTAGE_MS);
    const run = async () => await this.#run(checks); // so that it can't throw at once
    const observations = await Promise.race([run().catch(() => []), silent]);
    clearTimeout(timer);
    for (const [index, { done }] of part.entries()) done(observations[index] ?? null);
  }
}
