/** One service's state machine: its single writer. It loads, asks core, saves what matters, answers. */
import { DurableObject } from "cloudflare:workers";
import type { Bindings } from "../bindings.ts";
import { forgetRecorded, liveState, type MonitorState, mustSave } from "../core/monitor-state.ts";
import type { Check, Flip, LiveState, Observation, Outcome, Round } from "../core/records.ts";
import { close, expire, observe } from "../core/state-machine.ts";

const STATE_KEY = "state";

export interface Silence {
  live: LiveState;
  /** Those that the database may lack, oldest first. */
  flips: Flip[];
}

export class ServiceMonitor extends DurableObject<Bindings> {
  #state: MonitorState | null;

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    this.#state = ctx.storage.kv.get<MonitorState>(STATE_KEY) ?? null;
  }

  /** Null: the check's configuration is no longer watched. */
  observe(check: Check, round: Round, observation: Observation, vantages: string[]): Outcome | null {
    const step = observe(this.#state, { check, round, observation, vantages, random: Math.random() });
    if (step === null) return null;
    this.#become(step.state, check);
    const { state, retry } = step;
    return {
      service_id: check.service_id,
      observation,
      live: liveState(state),
      flips: state.flips,
      retry,
      version: state.version,
    };
  }

  /** Nothing came since `lastAt` (Unix ms): changes the status when it is time. */
  expire(check: Check, lastAt: number, now: number): Silence | null {
    if (this.#state === null) return null;
    return this.#silence(expire(this.#state, check, lastAt, now), check);
  }

  /** The service is deregistered or disabled. */
  close(check: Check, reason: string, now: number): Silence {
    return this.#silence(close(this.#state, check, reason, now), check);
  }

  #silence(state: MonitorState, check: Check): Silence {
    this.#become(state, check);
    return { live: liveState(state), flips: forgetRecorded(state.flips, check.recorded_seq) };
  }

  #become(state: MonitorState, check: Check): void {
    const before = this.#state;
    this.#state = state;
    if (mustSave(before, state, check.health_method)) this.ctx.storage.kv.put(STATE_KEY, state);
  }
}
