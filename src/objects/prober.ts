/** Runs probes from the region that its location hint names. It stores nothing. */
import { DurableObject } from "cloudflare:workers";
import type { DueCheck } from "../core/check.ts";
import type { Observation } from "../core/records.ts";
import type { Bindings, ProberRpc } from "../platform/bindings.ts";
import type { ProbeRun } from "./probe-run.ts";

declare global {
  namespace Cloudflare {
    interface GlobalProps {
      /** The entry points that `ctx.exports` has. */
      mainModule: { ProbeRun: typeof ProbeRun };
    }
  }
}

export class Prober extends DurableObject<Bindings> implements ProberRpc {
  /** Returns the observations in the order of the checks. */
  probe(checks: DueCheck[], vantage: string): Promise<Observation[]> {
    return this.ctx.exports.ProbeRun.probe(checks, vantage);
  }
}
