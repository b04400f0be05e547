/** Step one: every minute, a message for each round that falls due. */
import type { Check } from "../core/check.ts";
import type { ProbeMessage } from "../core/queue-messages.ts";
import { planRounds, tickWindow } from "../core/schedule.ts";

/** The plan begins 15 s after its tick; a database that comes back within the minute still gets one. */
const KEEP_TRYING_MS = 50_000;
const TRY_AGAIN_MS = 2_000;

export interface PlanDeps {
  now(): number;
  wait(ms: number): Promise<void>;
  /** From the registry. */
  load(): Promise<Check[]>;
  /** As the live board knows the registry; null when it does not. */
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
 * While the database is away the live board stands in for it, so that no round is lost. Throws when neither could tell
 * what to check for most of a minute; the next tick then plans the next minute.
 */
export async function plan(tick: number, deps: PlanDeps): Promise<PlanReport> {
  const scheduled = await retryUntil(() => loadOrRemember(deps), tick + KEEP_TRYING_MS, deps);
  const messages = newestOfLate(planRounds(scheduled, tickWindow(tick), deps.vantages), deps.now());
  await deps.send(messages);
  const report = { at: deps.now(), checks: scheduled.length, rounds: messages.length };
  await deps.planned(report);
  return report;
}

async function loadOrRemember(deps: PlanDeps): Promise<Check[]> {
  try {
    return await deps.load();
  } catch (error) {
    const remembered = await deps.remembered();
    if (remembered === null) throw error;
    deps.failed(error);
    return remembered;
  }
}

/** A plan that comes late has rounds in the past: each lane then runs its newest at once and skips the others. */
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
