/** A place, not a memory: runs probes from the region that its location hint names. */
import { DurableObject } from "cloudflare:workers";
import type { Bindings } from "../bindings.ts";
import type { Check, Observation } from "../core/records.ts";
import { parseSettings } from "../env.ts";
import { probeAll } from "./probing.ts";

export class Prober extends DurableObject<Bindings> {
  /** Observations in the order of the checks. */
  async probe(checks: Check[], vantage: string): Promise<Observation[]> {
    const found = new Map<number, Observation>();
    await probeAll(
      checks,
      vantage,
      { settings: parseSettings(this.env), vars: this.env },
      async (check, observation) => {
        found.set(check.service_id, observation);
      },
    );
    return checks.flatMap((check) => found.get(check.service_id) ?? []);
  }
}
