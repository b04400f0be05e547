/** Step one of the pipeline: each minute, makes a message for each round that falls due. */
import type { Check } from "../core/check.ts";
import type { ProbeMessage } from "../core/queue-messages.ts";
import { planRounds, tickWindow, type Window } from "../core/schedule.ts";

/** The planned minute begins 15 s after the tick. If the database comes back before this time, most rounds still run. */
const KEEP_TRYING_MS = 50_000;
const TRY_AGAIN_MS = 2_000;
/** Pause between two pages of the registry, so that requests are not held up by the plan of thousands of services. */
const PAGE_PAUSE_MS = 20;

export interface PlanDeps {
  now(): number;
  wait(ms: number): Promise<void>;
  /** The registry's scheduled checks in pages of whole lanes. */
  load(): AsyncIterable<Check[]>;
  /** All scheduled checks as the live board knows them; null when the board never read the registry. */
  remembered(): Promise<Check[] | null>;
  send(messages: ProbeMessage[]): Promise<void>;
  planned(report: PlanReport): Promise<void>;
  failed(error: unknown): void;
  vantages: readonly string[];
}

export interface PlanReport {
  at: number;
  checks: number;
  rounds: number;
}

/**
 * While the database is away, the live board supplies the checks, so that no round is lost. Throws when neither of
 * them answered for most of a minute; the next tick then plans the next minute.
 */
export async function plan(tick: number, deps: PlanDeps): Promise<PlanReport> {
  const planner = new Planner(tickWindow(tick), deps);
  await retryUntil(() => planner.planAll(), tick + KEEP_TRYING_MS, deps);
  const report = { at: deps.now(), checks: planner.checks, rounds: planner.rounds };
  await deps.planned(report);
  return report;
}

/** Plans every lane once, even if it has to start again after an error. */
class Planner {
  readonly #window: Window;
  readonly #deps: PlanDeps;
  readonly #lanes = new Set<number>();
  checks = 0;
  rounds = 0;

  constructor(window: Window, deps: PlanDeps) {
    this.#window = window;
    this.#deps = deps;
  }

  async planAll(): Promise<void> {
    try {
      for await (const page of this.#deps.load()) {
        await this.#planPage(page);
        await this.#deps.wait(PAGE_PAUSE_MS);
      }
    } catch (error) {
      const remembered = await this.#deps.remembered();
      if (remembered === null) throw error;
      this.#deps.failed(error);
      await this.#planPage(remembered);
    }
  }

  async #planPage(page: readonly Check[]): Promise<void> {
    const checks = page.filter(({ lane }) => !this.#lanes.has(lane));
    const messages = planRounds(checks, this.#window, this.#deps.vantages);
    const due = newestOfLate(messages, this.#deps.now());
    await this.#deps.send(due);
    for (const { lane } of checks) this.#lanes.add(lane);
    this.checks += checks.length;
    this.rounds += due.length;
  }
}

/** In a late plan some rounds are due in the past. Each lane then keeps its newest past round and skips the older ones. */
export function newestOfLate(messages: readonly ProbeMessage[], now: number): ProbeMessage[] {
  const newest = new Map<number, number>();
  for (const { round } of messages) {
    if (round.due_at <= now) newest.set(round.lane, Math.max(round.due_at, newest.get(round.lane) ?? 0));
  }
  return messages.filter(({ round }) => round.due_at > now || newest.get(round.lane) === round.due_at);
}

async function retryUntil<T>(attempt: () => Promise<T>, until: number, deps: PlanDeps): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      deps.failed(error);
      if (deps.now() + TRY_AGAIN_MS > until) throw error;
      await deps.wait(TRY_AGAIN_MS);
    }
  }
}
