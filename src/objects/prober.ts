/** A place, not a memory: runs probes from the region that its location hint names. */
import { DurableObject } from "cloudflare:workers";
import type { Bindings } from "../bindings.ts";
import type { Check, Observation } from "../core/records.ts";

export class Prober extends DurableObject<Bindings> {
  /** Observations in the order of the checks. */
  probe(checks: Check[], vantage: string): Promise<Observation[]> {
    return this.ctx.exports.ProbeRun.probe(checks, vantage);
  }
}
