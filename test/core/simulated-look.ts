/** A look at a simulated target by a simulated program, which may stand still meanwhile. */
import type { Check } from "../../src/core/service/check.ts";
import type { Observation } from "../../src/core/service/records.ts";
import { seenAt, withoutLateness } from "../../src/core/status/late-measurement.ts";
import type { Clock } from "../../src/core/time/clock.ts";
import { Lateness, type Standstills } from "../../src/probes/lateness.ts";

/** More than a hub that stalls runs without a stop, so that each look meets one. */
const LATENCY_MS = 450;
const REFUSED_AFTER_MS = 2;

/** What a target does: it answers, refuses at once, or says nothing. */
export type Answering = "ok" | "refuses" | "is silent";

export function latenessBy(clock: Pick<Clock, "now" | "wait">): Lateness {
  const same = (at: number) => at;
  return new Lateness({ ...clock, platformTime: same, fromPlatform: same });
}

export class Eye {
  readonly #clock: Pick<Clock, "now" | "wait">;
  readonly #lateness: Standstills;
  readonly #answers: (service: string) => Answering;
  readonly #random: () => number;

  constructor(
    clock: Pick<Clock, "now" | "wait">,
    answers: (service: string) => Answering,
    random: () => number,
    lateness: Standstills = latenessBy(clock),
  ) {
    this.#clock = clock;
    this.#lateness = lateness;
    this.#answers = answers;
    this.#random = random;
  }

  /** As runProbe of src/probes does, without a network. */
  async look({ name, health_timeout }: Check, vantage: string): Promise<Observation> {
    const { now, wait } = this.#clock;
    const at = now();
    const answer = this.#answers(name);
    const needs = { ok: LATENCY_MS, refuses: REFUSED_AFTER_MS, "is silent": health_timeout * 1_000 }[answer];
    await this.#lateness.during(() => wait(needs));
    const took_ms = now() - at;
    // After a standstill, the answer and the timer of the timeout are there together.
    const isOver = took_ms >= health_timeout * 1_000;
    const timedOut = answer === "is silent" || (isOver && this.#random() < 0.5);
    const late_ms = this.#lateness.within(at, now());
    const found = timedOut
      ? { verdict: "fail" as const, latency_ms: null, error: `timeout after ${health_timeout} s`, details: {} }
      : answer === "ok"
        ? { verdict: "ok" as const, latency_ms: took_ms, error: null, details: {} }
        : { verdict: "fail" as const, latency_ms: took_ms, error: "503", details: {} };
    const judged = withoutLateness(found, { late_ms, took_ms, timedOut });
    return { ...judged, at: seenAt(judged, { from: at, to: now() }), vantage };
  }
}
