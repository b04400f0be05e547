/**
 * Runs probes in an invocation of its own. A connection whose TLS handshake hangs can't be closed. It ends with the
 * invocation that opened it, and a Durable Object's invocation may never end.
 */
import { WorkerEntrypoint } from "cloudflare:workers";
import type { DueCheck } from "../core/check.ts";
import type { Observation } from "../core/records.ts";
import { parseSettings } from "../core/settings.ts";
import type { Bindings } from "../platform/bindings.ts";
import { probeAll } from "../probes/probe-all.ts";

export class ProbeRun extends WorkerEntrypoint<Bindings> {
  /** Returns the observations in the order of the checks. */
  async probe(checks: DueCheck[], vantage: string): Promise<Observation[]> {
    const found = new Map<number, Observation>();
    const probing = { settings: parseSettings(this.env), vars: this.env };
    await probeAll(checks, vantage, probing, async ({ check, observation }) => {
      found.set(check.service_id, observation);
    });
    return checks.flatMap((check) => found.get(check.service_id) ?? []);
  }
}
