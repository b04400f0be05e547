/** Lets another vantage probe checks. When it fails to, that says nothing about the services. */

import { roundLimit } from "../core/lane/slots.ts";
import type { DueCheck, Finding } from "../core/service/check.ts";
import type { Observation } from "../core/service/records.ts";
import { WAY_TO_VANTAGE_MS } from "../core/time/durations.ts";
import { messageOf } from "../core/values/error-message.ts";
import { boundedErrorText } from "../core/values/error-text.ts";

export interface AskVantageDeps {
  now(): number;
  /** Ends early when the signal is aborted. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
  /** Returns the observations in the order of the checks, null for one that none is made of. */
  ask(checks: DueCheck[], vantage: string): Promise<(Observation | null)[]>;
}

/** A vantage that throws, or is silent for longer than the probes can take, makes inconclusive observations. */
export async function askVantage(checks: DueCheck[], vantage: string, deps: AskVantageDeps): Promise<Finding[]> {
  const at = deps.now();
  try {
    const observations = await within(roundLimit(checks, vantage) + WAY_TO_VANTAGE_MS, deps.ask(checks, vantage), deps);
    return checks.map((check, index) => ({
      check,
      observation: observations[index] ?? blindness(vantage, at, "no result"),
    }));
  } catch (error) {
    const why = boundedErrorText(messageOf(error));
    return checks.map((check) => ({ check, observation: blindness(vantage, at, why) }));
  }
}

/** Rejects when the promise is not settled within `ms`. */
async function within<T>(ms: number, promise: Promise<T>, { wait }: Pick<AskVantageDeps, "wait">): Promise<T> {
  const settled = new AbortController();
  const silence = async (): Promise<never> => {
    await wait(ms, settled.signal);
    throw new Error(`no answer within ${Math.round(ms / 1_000)} s`);
  };
  try {
    return await Promise.race([promise, silence()]);
  } finally {
    settled.abort();
  }
}

function blindness(vantage: string, at: number, why: string): Observation {
  return { at, vantage, verdict: "inconclusive", latency_ms: null, error: `vantage ${vantage}: ${why}`, details: {} };
}
