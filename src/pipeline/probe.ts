/** Step two of the pipeline: probes a round, lets the lane's monitor judge it, and passes the outcomes on. */
import type { BoardUpdate } from "../core/board.ts";
import type { Check, DueCheck, Finding } from "../core/check.ts";
import type { OutcomesMessage, ProbeMessage } from "../core/queue-messages.ts";
import type { Judgement, Observation, Outcome, RecordedFlip, Round } from "../core/records.ts";
import { retryRounds } from "../core/retry-policy.ts";
import { recordedFlip, roundResult } from "../core/round.ts";
import { OutcomeBatcher } from "./outcome-batcher.ts";

export interface ProbeDeps {
  now(): number;
  wait(ms: number): Promise<void>;
  /** Returns the checks that were neither changed nor deregistered since the round was planned. */
  watched(checks: DueCheck[]): Promise<DueCheck[]>;
  /** Probes all checks from a vantage and hands over each finding as soon as it is there. */
  probe(checks: DueCheck[], vantage: string, found: (finding: Finding) => Promise<void>): Promise<void>;
  /** Returns results in the order of the findings; null: the check's configuration is no longer watched. */
  observe(round: Round, findings: Finding[]): Promise<(Judgement | null)[]>;
  /** Asks the control target whether the hub itself can see. */
  canSee(): Promise<boolean>;
  publish(update: BoardUpdate, checks: Check[]): Promise<void>;
  record(message: OutcomesMessage): Promise<void>;
  retry(messages: ProbeMessage[]): Promise<void>;
}

interface Judged {
  check: Check;
  outcome: Outcome;
}

/** Returns the outcomes. Throws only when a part of the hub failed; then the whole round may run again. */
export async function runRound(message: ProbeMessage, deps: ProbeDeps): Promise<Outcome[]> {
  const early = message.not_before - deps.now();
  if (early > 0) await deps.wait(early);
  const startedAt = deps.now();
  const all: Judged[] = [];
  const batcher = new OutcomeBatcher<Finding>(deps.wait, async (findings, isLast) => {
    const judged = await judge(message.round, findings, deps);
    all.push(...judged);
    await tell(message, judged, startedAt, isLast, deps);
  });
  const sight = onceInRound(() => deps.canSee());
  const checks = await deps.watched(message.checks);
  await deps.probe(checks, message.vantage, async ({ check, observation }) => {
    batcher.add({ check, observation: await conclusive(observation, sight) });
  });
  await batcher.flush();
  if (all.length > 0) await deps.record(recordOf(message, startedAt, all));
  return all.map((judged) => judged.outcome);
}

/** When a target did not answer, asks the control target whether the hub itself has a connection. */
async function conclusive(observation: Observation, canSee: () => Promise<boolean>): Promise<Observation> {
  if (observation.verdict !== "fail" || observation.latency_ms !== null) return observation;
  if (await canSee()) return observation;
  return {
    ...observation,
    verdict: "inconclusive",
    error: `the hub can't see its control target (${observation.error})`,
  };
}

function onceInRound<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => {
    answer ??= ask();
    return answer;
  };
}

async function judge(round: Round, findings: Finding[], deps: ProbeDeps): Promise<Judged[]> {
  const judgements = await deps.observe(round, findings);
  return findings.flatMap(({ check, observation }, index) => {
    const judgement = judgements[index] ?? null;
    return judgement === null ? [] : { check, outcome: { service_id: check.service_id, observation, ...judgement } };
  });
}

/** Sends states to the board and retries to the queue. Records new flips at once while checks of the round still run. */
async function tell(
  message: ProbeMessage,
  judged: readonly Judged[],
  startedAt: number,
  isLast: boolean,
  deps: ProbeDeps,
): Promise<void> {
  if (judged.length === 0) return;
  const flips = flipsOf(judged);
  const items = judged.map(({ outcome }): BoardUpdate["items"][number] => [outcome.service_id, outcome.live]);
  const failing = judged.flatMap(({ check, outcome: { retry } }) => (retry === null ? [] : [{ check, retry }]));
  const isNews = flips.some((flip) => Date.parse(flip.at) >= startedAt);
  const { round, vantage } = message;
  const news = { round, vantage, started_at: startedAt, results: [], flips, versions: [] };
  await Promise.all([
    deps.publish(
      { items, flips },
      judged.map(({ check }) => check),
    ),
    failing.length > 0 ? deps.retry(retryRounds(message, failing, deps.now())) : undefined,
    isNews && !isLast ? deps.record(news) : undefined,
  ]);
}

function recordOf(message: ProbeMessage, started_at: number, all: readonly Judged[]): OutcomesMessage {
  return {
    round: message.round,
    vantage: message.vantage,
    started_at,
    results: all.map(({ check, outcome }) => roundResult(outcome, check.version)),
    flips: flipsOf(all),
    versions: all.flatMap(({ check, outcome: { version } }) =>
      version === null || version === check.version ? [] : [{ service_id: check.service_id, version }],
    ),
  };
}

function flipsOf(all: readonly Judged[]): RecordedFlip[] {
  return all.flatMap(({ check, outcome }) => outcome.flips.map((flip) => recordedFlip(flip, check, outcome)));
}
