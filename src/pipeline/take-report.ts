/** Takes in what an agent observed. The status follows only what is news; the rest becomes history. */
import { type AgentFinding, type AgentReceipt, isNews, type TakenReport } from "../core/agent/agent-protocol.ts";
import { lateResult } from "../core/lane/round.ts";
import type { Check } from "../core/service/check.ts";
import { LANE_ANSWERS_MS, LANE_TAKES_MS } from "../core/time/durations.ts";
import { settleEach, within } from "../core/values/settle-each.ts";
import { suspicious } from "./check-causes.ts";
import { type JudgeDeps, judge, publishJudged, recordOf } from "./judge.ts";

export interface TakeReportDeps extends JudgeDeps {
  now(): number;
  wait(ms: number, signal?: AbortSignal): Promise<void>;
  /** Until when these services could not be heard although the hub ran, Unix ms. Leaves out the others. */
  refusedUntil(ids: number[]): Promise<{ id: number; until: number }[]>;
  /** Checks what these failing services depend on. Never rejects. */
  causes(failing: Check[]): Promise<void>;
  /** Reports of these services could not be taken in, so their silence counts for nothing. */
  reportRefused(ids: number[], error: unknown): Promise<void>;
}

/**
 * `reported`: of one agent, oldest first. May be repeated. A lane that fails or hangs costs only its own services, which
 * the answer names; throws when no lane took anything in.
 */
export async function takeReport(
  reported: readonly AgentFinding[],
  vantage: string,
  deps: TakeReportDeps,
): Promise<TakenReport> {
  const refusedUntil = await knownRefusals(reported, deps);
  const lanes = [...Map.groupBy(reported, ({ check }) => check.lane)];
  const take = ([lane, ofLane]: [number, AgentFinding[]]) => takeLane(lane, ofLane, { vantage, refusedUntil, deps });
  const { done, failed } = await settleEach(lanes, take, { limitMs: LANE_TAKES_MS, wait: deps.wait });
  if (done.length === 0 && failed[0] !== undefined) throw failed[0].error;
  const untaken = [...new Set(failed.flatMap(({ item: [, ofLane] }) => ofLane.map(({ check }) => check.service_id)))];
  if (untaken.length > 0) await deps.reportRefused(untaken, failed[0]?.error);
  await Promise.all(done.flatMap(({ value }) => value.causes)); // what is told waits for none of them
  const late = done.flatMap(({ value }) => value.late);
  return {
    news: done.reduce((sum, { value }) => sum + value.news, 0),
    late: late.length,
    late_services: [...new Set(late)],
    states: done.flatMap(({ value }) => [...value.states.values()]),
    untaken,
  };
}

/** Only what is late asks for it. */
async function knownRefusals(reported: readonly AgentFinding[], deps: TakeReportDeps): Promise<Map<number, number>> {
  const late = reported.filter(({ check, observation }) => !isNews(check, observation.at, 0, deps.now()));
  const ids = [...new Set(late.map(({ check }) => check.service_id))];
  const known = ids.length === 0 ? [] : await deps.refusedUntil(ids);
  return new Map(known.map(({ id, until }) => [id, until]));
}

interface Taking {
  vantage: string;
  refusedUntil: ReadonlyMap<number, number>;
  deps: TakeReportDeps;
}

interface TakenLane {
  news: number;
  /** The services of what came too late. */
  late: number[];
  states: Map<number, AgentReceipt["states"][number]>;
  causes: Promise<void>[];
}

/** One round after the other, because the state of a service follows the order of what was observed. */
async function takeLane(lane: number, reported: readonly AgentFinding[], taking: Taking): Promise<TakenLane> {
  const taken: TakenLane = { news: 0, late: [], states: new Map(), causes: [] };
  for (const findings of roundsOf(reported)) {
    await within(LANE_ANSWERS_MS, takeRound(lane, findings, taking, taken), taking.deps);
  }
  return taken;
}

async function takeRound(lane: number, findings: AgentFinding[], taking: Taking, taken: TakenLane): Promise<void> {
  const { vantage, refusedUntil, deps } = taking;
  const [first] = findings;
  if (first === undefined) return;
  const round = { lane, due_at: first.due_at, attempt: first.attempt };
  const started_at = Math.min(...findings.map(({ observation }) => observation.at));
  const now = deps.now();
  const news = findings.filter(({ check, observation }) =>
    isNews(check, observation.at, refusedUntil.get(check.service_id) ?? 0, now),
  );
  const late = findings.filter((finding) => !news.includes(finding));
  const judged = news.length === 0 ? [] : await judge(round, news, deps);
  taken.causes.push(deps.causes(suspicious(judged)));
  if (judged.length > 0) await publishJudged(judged, started_at, deps);
  const message = recordOf({ round, epoch: first.check.epoch, vantage, started_at }, judged);
  for (const { check, observation } of late) message.results.push(lateResult(check.service_id, observation));
  if (message.results.length > 0) await deps.record(message);
  for (const { outcome } of judged) {
    const { service_id, live } = outcome;
    taken.states.set(service_id, { service_id, status: live.status, since: live.since });
  }
  taken.news += news.length;
  taken.late.push(...late.map(({ check }) => check.service_id));
}

/**
 * Findings of one round together, where that keeps the order of each service: its retries come one after the other, while
 * those of its neighbours in the same rounds may have begun, and were reported, earlier.
 */
function roundsOf(reported: readonly AgentFinding[]): AgentFinding[][] {
  const rounds: AgentFinding[][] = [];
  const newest = new Map<string, number>();
  const lastOf = new Map<number, number>();
  for (const finding of reported) {
    const { due_at, attempt, check } = finding;
    const key = `${due_at} ${attempt}`;
    const before = lastOf.get(check.service_id) ?? -1;
    let index = newest.get(key) ?? -1;
    if (index <= before) {
      index = rounds.push([]) - 1;
      newest.set(key, index);
    }
    rounds[index]?.push(finding);
    lastOf.set(check.service_id, index);
  }
  return rounds;
}
