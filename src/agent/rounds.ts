/** Runs the checks of an agent by the same arithmetic and the same state machine as the hub. */

import type { ProbeMessage } from "../core/lane/queue-messages.ts";
import { firstRounds, planRounds, retryRounds } from "../core/lane/schedule.ts";
import { methodOf } from "../core/methods/index.ts";
import type { Check, DueCheck } from "../core/service/check.ts";
import { homeOf, type Observation, type Round } from "../core/service/records.ts";
import type { Standing } from "../core/status/breaker.ts";
import { type MonitorState, newMonitorState, withoutFuture } from "../core/status/monitor-state.ts";
import { observe } from "../core/status/state-machine.ts";
import { AGENT_LATE_MS, AGENT_PLAN_AHEAD_MS } from "../core/time/durations.ts";
import { messageOf } from "../core/values/error-message.ts";
import { boundedErrorText } from "../core/values/error-text.ts";

export interface RoundsDeps {
  /** Unix ms. */
  now(): number;
  wait(ms: number): Promise<void>;
  random(): number;
  /** Never rejects. */
  probe(check: Check): Promise<Observation>;
  found(check: Check, round: Round, observation: Observation): void;
}

export class Rounds {
  readonly #deps: RoundsDeps;
  #checks = new Map<number, Check>();
  readonly #states = new Map<number, MonitorState>();
  /** The statuses at the hub. They decide how often a service is checked, because the hub waits by the same rule. */
  readonly #standings = new Map<number, Standing>();
  #plannedTo = 0;
  #stopped = false;

  constructor(deps: RoundsDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#checks.size;
  }

  /** Replaces the checks. What is new or changed runs at once. */
  replace(checks: readonly Check[]): void {
    const before = this.#checks;
    this.#checks = new Map(checks.filter(isRun).map((check) => [check.service_id, check]));
    // The hub of another epoch knows nothing of the streaks before it.
    for (const id of this.#states.keys()) {
      if (this.#checks.get(id)?.epoch !== before.get(id)?.epoch) this.#states.delete(id);
    }
    for (const id of this.#standings.keys()) {
      const [now, then] = [this.#checks.get(id), before.get(id)];
      if (now?.epoch !== then?.epoch || now?.rev !== then?.rev) this.#standings.delete(id); // the new check says it
    }
    const changed = [...this.#checks.values()].filter(({ service_id, rev, epoch }) => {
      const known = before.get(service_id);
      return known?.rev !== rev || known.epoch !== epoch;
    });
    for (const message of firstRounds(changed, this.#deps.now())) void this.#run(message);
  }

  /** Runs the check of a service at once. */
  runNow(project: string, name: string): void {
    const checks = [...this.#checks.values()].filter((check) => check.project === project && check.name === name);
    for (const message of firstRounds(checks, this.#deps.now())) void this.#run(message);
  }

  /**
   * Forgets the streaks of failures, of these services or of all. The hub knows nothing of what came too late, so the
   * next failure has to be retried and told anew.
   */
  beginAnew(ids: Iterable<number> = [...this.#states.keys()]): void {
    for (const id of ids) this.#states.delete(id);
  }

  /** Takes in what the hub says of services. */
  learn(standings: readonly (Standing & { service_id: number })[]): void {
    for (const { service_id, status, since } of standings) {
      if (this.#checks.has(service_id)) this.#standings.set(service_id, { status, since });
    }
  }

  /** From now on nothing is begun, and what still runs is not told. */
  stop(): void {
    this.#stopped = true;
  }

  /** Plans the rounds of the next moment. Call it more often than AGENT_PLAN_AHEAD_MS. */
  plan(): void {
    const now = this.#deps.now();
    const to = now + AGENT_PLAN_AHEAD_MS;
    this.#plannedTo = Math.min(this.#plannedTo, to); // after a clock that was ahead, what was planned is worthless
    const from = Math.max(this.#plannedTo, now - AGENT_LATE_MS);
    if (to <= from) return;
    this.#plannedTo = to;
    for (const message of planRounds([...this.#checks.values()].map(this.#current), { from, to }, [])) {
      void this.#run(message);
    }
  }

  /**
   * The check with the newest status that is known: the circuit breaker and a streak that begins anew depend on it. While
   * the service is down that is the hub's, which may have heard of it later; an older hub says none.
   */
  readonly #current = (check: Check): Check => {
    const own = this.#states.get(check.service_id);
    const known = own !== undefined && own.status !== "down" ? own : (this.#standings.get(check.service_id) ?? own);
    return known === undefined ? check : { ...check, recorded_status: known.status, recorded_since: known.since };
  };

  async #run(message: ProbeMessage): Promise<void> {
    await this.#until(message.not_before);
    await Promise.all(message.checks.map((check) => this.#runCheck(message, check)));
  }

  async #runCheck(message: ProbeMessage, { after_ms = 0, ...planned }: DueCheck): Promise<void> {
    if (after_ms > 0) await this.#deps.wait(after_ms);
    const check = this.#checks.get(planned.service_id);
    if (check === undefined || check.rev !== planned.rev) return; // changed or gone meanwhile
    if (this.#stopped) return;
    const observation = await this.#deps.probe(check).catch((error) => this.#broken(check, error));
    if (this.#stopped) return; // it may have failed because of the stop
    this.#deps.found(check, message.round, observation);
    const now = this.#deps.now();
    const known = this.#states.get(check.service_id) ?? newMonitorState(this.#current(check));
    const before = withoutFuture(known, check.health_interval, now, Math.min(observation.at, now));
    const input = { check, round: message.round, observation, vantages: [], random: this.#deps.random() };
    const step = observe(before, input);
    if (step === null) return;
    this.#states.set(check.service_id, { ...step.state, flips: [] });
    if (step.retry === null) return;
    for (const retry of retryRounds(message, [{ check, retry: step.retry }], now)) void this.#run(retry);
  }

  /** A fault of the agent itself says nothing of the service, and costs no other check. */
  #broken(check: Check, error: unknown): Observation {
    const words = boundedErrorText(`the agent failed to check it: ${messageOf(error)}`);
    const details = { verdict: "inconclusive" as const, latency_ms: null, error: words, details: {} };
    return { at: this.#deps.now(), vantage: homeOf(check), ...details };
  }

  async #until(time: number): Promise<void> {
    const early = time - this.#deps.now();
    if (early > 0) await this.#deps.wait(early);
  }
}

/** A heartbeat comes from the service itself. */
function isRun({ health_method }: Check): boolean {
  return methodOf(health_method).runner !== "service";
}
