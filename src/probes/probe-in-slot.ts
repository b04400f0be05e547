/** Runs a probe when there is a slot for its connection. */
import type { Check } from "../core/service/check.ts";
import type { Observation } from "../core/service/records.ts";
import { authority } from "../core/service/target.ts";
import { CROWDED_AFTER_MS } from "../core/time/durations.ts";
import type { Elsewhere } from "./elsewhere.ts";
import { isOverSocket } from "./http-request.ts";
import type { ProbeContext } from "./probe.ts";
import { runProbe, targetOf } from "./run-probe.ts";
import { Crowded, NoSlot, type Slots } from "./slots.ts";

/** Where the checks of one or more rounds are probed. */
export interface ProbePlace {
  slots: Slots;
  /** Where checks go that others hold up; absent: they wait. */
  elsewhere?: Elsewhere | undefined;
}

/**
 * Never throws, as runProbe. A check that gets no slot within `patienceMs` is inconclusive: nothing was sent, so nothing
 * is known of its target.
 */
export async function probeInSlot(
  check: Check,
  context: ProbeContext,
  { slots, elsewhere }: ProbePlace,
  patienceMs: number,
): Promise<Observation> {
  const target = targetOf(check, context);
  const isRequest = check.health_method === "http" || check.health_method === "websocket";
  const kind = target.ok && isRequest && !isOverSocket(check, target.value, context) ? "http" : "tcp";
  const host = target.ok ? authority(target.value) : check.health_url;
  try {
    const crowdedMs = elsewhere === undefined ? undefined : CROWDED_AFTER_MS;
    return await slots.run({ kind, host, patienceMs, crowdedMs }, (seat) => runProbe(check, context, { target, seat }));
  } catch (error) {
    if (error instanceof Crowded) {
      return (await elsewhere?.probe(check)) ?? (await probeInSlot(check, context, { slots }, patienceMs));
    }
    if (!(error instanceof NoSlot)) throw error;
    const { vantage } = context;
    return {
      at: context.now(),
      vantage,
      verdict: "inconclusive",
      latency_ms: null,
      error: error.message,
      details: {},
    };
  }
}
