/** Step one of the pipeline: each minute, makes a message for each round that falls due. */

import type { ProbeMessage } from "../core/lane/queue-messages.ts";
import { planRounds, tickWindow, type Window } from "../core/lane/schedule.ts";
import type { Check } from "../core/service/check.ts";
import { isJudgeable, UNJUDGED } from "../core/service/unreadable.ts";
import { KEEP_PLANNING_MS, PLAN_AGAIN_MS } from "../core/time/durations.ts";
import type { Unread } from "../core/values/read-each.ts";

/** Pause after a page of the registry and after a call of the queue, so that thousands of services hold up no requests. */
const PAUSE_MS = 20;
/** The earliest rounds can be sent first only when all are read. Of a larger or slower registry, this much is sent at a time. */
const PORTION = { checks: 20_000, ms: 5_000 };

export interface PlanDeps {
  now(): number;
  wait(ms: number): Promise<void>;
  /** The registry's scheduled checks in pages of whole lanes. */
  load(): AsyncIterable<Check[]>;
  /** All scheduled checks as the live board knows them; null when the board never read the registry. */
  remembered(): Promise<Check[] | null>;
  /** Sends first what is due first. Tells `sent` what has been sent, and waits for it before sending more. */
  send(messages: ProbeMessage[], sent: (messages: ProbeMessage[]) => Promise<void>): Promise<void>;
  planned(report: PlanReport): Promise<void>;
  failed(error: unknown): void;
  vantages: readonly string[];
}

export interface PlanReport {
  at: number;
  checks: number;
  rounds: number;
  /** Checks that can't be judged as they are stored, so they have no rounds. */
  unread: Unread[];
}

/**
 * While the database is away, the live board supplies the checks, so that no round is lost. Throws when neither of
 * them answered for most of a minute; the next tick then plans the next minute.
 */
export async function plan(tick: number, deps: PlanDeps): Promise<PlanReport> {
  const planner = new Planner(tickWindow(tick), deps);
  await retryUntil(() => planner.planAll(), tick + KEEP_PLANNING_MS, deps);
  const report = { at: deps.now(), checks: planner.checks, rounds: planner.rounds, unread: planner.unread };
  await deps.planned(report);
  return report;
}

/** Plans every lane once and sends every round once, even if it has to start again after an error. */
class Planner {
  readonly #window: Window;
  readonly #deps: PlanDeps;
  readonly #lanes = new Set<number>();
  #isRead = false;
  /** Planned but not sent yet. They share their checks, so they need little memory. */
  #waiting = new Set<ProbeMessage>();
  /** How many checks are planned, and since when, of which nothing is sent yet. */
  #portion: { checks: number; since: number };
  checks = 0;
  rounds = 0;
  readonly unread: Unread[] = [];

  constructor(window: Window, deps: PlanDeps) {
    this.#window = window;
    this.#deps = deps;
    this.#portion = { checks: 0, since: deps.now() };
  }

  async planAll(): Promise<void> {
    try {
      if (!this.#isRead) await this.#read();
    } finally {
      await this.#send();
    }
  }

  async #read(): Promise<void> {
    for await (const page of this.#pages()) {
      this.#planPage(page);
      await this.#deps.wait(PAUSE_MS);
      const { checks, since } = this.#portion;
      if (checks >= PORTION.checks || this.#deps.now() - since >= PORTION.ms) await this.#send();
    }
    this.#isRead = true;
  }

  async *#pages(): AsyncGenerator<Check[]> {
    try {
      yield* this.#deps.load();
    } catch (error) {
      const remembered = await this.#deps.remembered();
      if (remembered === null) throw error;
      this.#deps.failed(error);
      yield remembered;
    }
  }

  #planPage(page: readonly Check[]): void {
    const checks = page.filter(({ lane }) => !this.#lanes.has(lane));
    for (const message of planRounds(checks, this.#window, this.#deps.vantages)) this.#waiting.add(message);
    for (const { lane } of checks) this.#lanes.add(lane);
    const unread = checks.filter((check) => !isJudgeable(check)).map(unreadCheck);
    this.unread.push(...unread);
    this.#portion.checks += checks.length;
    this.checks += checks.length - unread.length;
  }

  async #send(): Promise<void> {
    const due = newestOfLate([...this.#waiting], this.#deps.now());
    this.#waiting = new Set(due);
    await this.#deps.send(due, async (sent) => {
      for (const message of sent) this.#waiting.delete(message);
      this.rounds += sent.length;
      await this.#deps.wait(PAUSE_MS);
    });
    this.#portion = { checks: 0, since: this.#deps.now() };
  }
}

function unreadCheck({ service_id, project, name }: Check): Unread {
  return { service_id, place: `${project}/${name}`, error: UNJUDGED };
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
      if (deps.now() + PLAN_AGAIN_MS > until) throw error;
      await deps.wait(PLAN_AGAIN_MS);
    }
  }
}
