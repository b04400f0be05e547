/** Handles findings, wherever they were made: the lane judges them, the board and the history get them. */

import type { BoardUpdate } from "../core/board/board.ts";
import type { OutcomesMessage } from "../core/lane/queue-messages.ts";
import { recordedFlip, roundResult } from "../core/lane/round.ts";
import type { Check, Finding } from "../core/service/check.ts";
import type { Round } from "../core/service/records.ts";
import { bounded } from "../core/status/bounded-details.ts";
import type { Judgement, Outcome } from "../core/status/outcome.ts";
import type { RecordedFlip } from "../core/status/recorded-flip.ts";

export interface JudgeDeps {
  /** Returns results in the order of the findings; null: the check's configuration is no longer watched. */
  observe(round: Round, findings: Finding[]): Promise<(Judgement | null)[]>;
  publish(update: BoardUpdate, checks: Check[]): Promise<void>;
  /** Writes new flips to the database at once. Never rejects: `record` brings them again. */
  writeFlips(flips: RecordedFlip[]): Promise<void>;
  record(message: OutcomesMessage): Promise<void>;
}

export interface JudgedFinding {
  check: Check;
  outcome: Outcome;
}

/** A round as the history names it. */
export interface RoundRun {
  round: Round;
  /** Of its checks. */
  epoch: string;
  vantage: string;
  /** Unix ms. */
  started_at: number;
}

/** The way in of every finding, so its details are bounded here. Leaves out findings of checks that are no longer watched. */
export async function judge(
  round: Round,
  found: Finding[],
  deps: Pick<JudgeDeps, "observe">,
): Promise<JudgedFinding[]> {
  const findings = found.map(({ check, observation }) => ({ check, observation: bounded(observation) }));
  const judgements = await deps.observe(round, findings);
  return findings.flatMap(({ check, observation }, index) => {
    const judgement = judgements[index] ?? null;
    return judgement === null ? [] : { check, outcome: { service_id: check.service_id, observation, ...judgement } };
  });
}

/**
 * The board hears of it first. `startedAt`: of the round, Unix ms; what a service says of itself is a little older. A
 * service all of whose flips are older is left out: its lane hands them over again until they are recorded.
 */
export async function publishJudged(
  judged: readonly JudgedFinding[],
  startedAt: number,
  deps: Pick<JudgeDeps, "publish" | "writeFlips">,
): Promise<void> {
  const flips = flipsOf(judged);
  const items = judged.map(({ outcome }): BoardUpdate["items"][number] => [outcome.service_id, outcome.live]);
  await deps.publish(
    { epoch: judged[0]?.check.epoch ?? "", items, flips },
    judged.map(({ check }) => check),
  );
  const since = Math.min(startedAt, ...judged.map(({ outcome }) => outcome.observation.at));
  const news = new Set(flips.filter(({ at }) => Date.parse(at) >= since).map(({ service_id }) => service_id));
  // With those before it that the lane still has: the log has a service's flips in their order.
  if (news.size > 0) await deps.writeFlips(flips.filter(({ service_id }) => news.has(service_id)));
}

export function recordOf(
  { round, epoch, vantage, started_at }: RoundRun,
  judged: readonly JudgedFinding[],
): OutcomesMessage {
  return {
    round,
    epoch,
    vantage,
    started_at,
    results: judged.map(({ check, outcome }) => roundResult(outcome, check.version)),
    flips: flipsOf(judged),
    versions: judged.flatMap(({ check, outcome: { version } }) =>
      version === null || version === check.version ? [] : [{ service_id: check.service_id, version }],
    ),
  };
}

export function flipsOf(judged: readonly JudgedFinding[]): RecordedFlip[] {
  return judged.flatMap(({ check, outcome }) => outcome.flips.map((flip) => recordedFlip(flip, check, outcome)));
}
