/** Runs a probe when there is a slot for its connection. */
import { isAddress } from "../core/address.ts";
import type { Check } from "../core/check.ts";
import type { Observation } from "../core/records.ts";
import { authority } from "../core/target.ts";
import type { ProbeContext } from "./probe.ts";
import { runProbe, targetOf } from "./run-probe.ts";
import type { Slots } from "./slots.ts";

/** Never throws, as runProbe. */
export async function probeInSlot(check: Check, context: ProbeContext, slots: Slots): Promise<Observation> {
  const target = targetOf(check, context);
  const isSocket = target.ok && isAddress(target.target.host) && !context.fetchesAddresses;
  const kind = check.health_method === "http" && !isSocket ? "http" : "tcp";
  const host = target.ok ? authority(target.target) : check.health_url;
  return await slots.run(kind, host, () => runProbe(check, context, target));
}
