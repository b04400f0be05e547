/**
 * Runs probes in an invocation of its own. A connection whose TLS handshake hangs can't be closed. It ends with the
 * invocation that opened it, and a Durable Object's invocation may never end.
 */
import { WorkerEntrypoint } from "cloudflare:workers";
import { parseSettings } from "../../core/hub/settings.ts";
import { SLOTS_ELSEWHERE } from "../../core/lane/slots.ts";
import type { DueCheck } from "../../core/service/check.ts";
import type { Observation } from "../../core/service/records.ts";
import type { Clock } from "../../core/time/clock.ts";
import { ControlCheck } from "../../pipeline/control-check.ts";
import type { Bindings } from "../../platform/bindings.ts";
import { canSee } from "../../probes/control-target.ts";
import { makeSlots, probeAll } from "../../probes/probe-all.ts";

export class ProbeRun extends WorkerEntrypoint<Bindings> {
  readonly #clock: Clock;

  constructor(ctx: ExecutionContext, env: Bindings, clock: Clock) {
    super(ctx, env);
    this.#clock = clock;
  }

  /**
   * At most CHECKS_ELSEWHERE checks, so that each has a connection at once. Returns the observations in their order, null
   * for a check that none is made of. What this place can't see is inconclusive.
   */
  async probe(checks: DueCheck[], vantage: string): Promise<(Observation | null)[]> {
    const found = new Map<number, Observation>();
    const settings = parseSettings(this.env);
    const control = new ControlCheck(() => canSee(settings.PROBE_CONTROL_URL));
    await probeAll(
      checks,
      vantage,
      { settings, vars: this.env, clock: this.#clock, place: { slots: makeSlots(settings, SLOTS_ELSEWHERE) } },
      async ({ check, observation }) => {
        found.set(check.service_id, await control.conclusive(observation));
      },
    );
    return checks.map((check) => found.get(check.service_id) ?? null);
  }
}
