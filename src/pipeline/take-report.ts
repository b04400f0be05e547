/** Takes in what an agent observed. The status follows only what is news; the rest becomes history. */
import { type AgentFinding, type AgentReceipt, isNews, type TakenReport } from "../core/agent-protocol.ts";
import type { Check } from "../core/check.ts";
import { lateResult } from "../core/round.ts";
import { suspicious } from "./check-causes.ts";
import { type JudgeDeps, judge, publishJudged, recordOf } from "./judge.ts";

export interface TakeReportDeps extends JudgeDeps {
  now(): number;
  /** When the hub last refused reports although it ran, Unix ms; 0: never. */
  deafUntil(): Promise<number>;
  /** Checks what these failing services depend on. Never rejects. */
  causes(failing: Check[]): Promise<void>;
}

/** `reported`: of one agent, oldest first. May be repeated. Throws when a part of the hub failed. */
export async function takeReport(
  reported: readonly AgentFinding[],
  vantage: string,
  deps: TakeReportDeps,
): Promise<TakenReport> {
  const count = { news: 0, late: 0 };
  const states = new Map<number, AgentReceipt["states"][number]>();
  const causes: Promise<void>[] = []; // what is told waits for none of them
  const isPrompt = reported.every(({ check, observation }) => isNews(check, observation.at, 0, deps.now()));
  const deafUntil = isPrompt ? 0 : await deps.deafUntil();
  const lanes = Map.groupBy(reported, ({ check }) => check.lane);
  await Promise.all(
    [...lanes].map(async ([lane, ofLane]) => {
      // One after the other, because the state of a service follows the order of what was observed.
      for (const findings of roundsOf(ofLane)) await takeRound(lane, findings);
    }),
  );
  await Promise.all(causes);
  return { ...count, states: [...states.values()] };

  async function takeRound(lane: number, findings: AgentFinding[]): Promise<void> {
    const [first] = findings;
    if (first === undefined) return;
    const round = { lane, due_at: first.due_at, attempt: first.attempt };
    const started_at = Math.min(...findings.map(({ observation }) => observation.at));
    const now = deps.now();
    const news = findings.filter(({ check, observation }) => isNews(check, observation.at, deafUntil, now));
    const late = findings.filter((finding) => !news.includes(finding));
    const judged = news.length === 0 ? [] : await judge(round, news, deps);
    causes.push(deps.causes(suspicious(judged)));
    if (judged.length > 0) await publishJudged(judged, deps);
    const message = recordOf({ round, epoch: first.check.epoch, vantage, started_at }, judged);
    for (const { check, observation } of late) message.results.push(lateResult(check.service_id, observation));
    if (message.results.length > 0) await deps.record(message);
    for (const { outcome } of judged) {
      const { service_id, live } = outcome;
      states.set(service_id, { service_id, status: live.status, since: live.since });
    }
    count.news += news.length;
    count.late += late.length;
  }
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
