/** Step two of the pipeline: probes a round, lets the lane's monitor judge it, and passes the outcomes on. */

import type { ProbeMessage } from "../core/lane/queue-messages.ts";
import { retryRounds } from "../core/lane/schedule.ts";
import type { Check, DueCheck, Finding } from "../core/service/check.ts";
import { HOME_VANTAGE, type Round } from "../core/service/records.ts";
import type { Outcome } from "../core/status/outcome.ts";
import { isSlow } from "../core/status/slowness.ts";
import { suspicious } from "./check-causes.ts";
import { ControlCheck } from "./control-check.ts";
import { type JudgeDeps, type JudgedFinding, judge, publishJudged, recordOf } from "./judge.ts";
import { OutcomeBatcher } from "./outcome-batcher.ts";

export interface Watched {
  checks: DueCheck[];
  /** Ids of those of whose services any finding may be news: all but those that are up, and nothing is the matter. */
  unsettled: ReadonlySet<number>;
}

export interface ProbeDeps extends JudgeDeps {
  now(): number;
  /**
   * Milliseconds that a round may be early. The queue delivers it less than a second before its time. One that is much
   * earlier was planned by a clock that was ahead, and must not hold up the rounds behind it.
   */
  longestWait: number;
  wait(ms: number): Promise<void>;
  /** Asks which checks were neither changed nor deregistered since the round was planned, and how their services are. */
  watched(checks: DueCheck[]): Promise<Watched>;
  /** Probes all checks from a vantage and hands over each finding as soon as it is there. */
  probe(checks: DueCheck[], vantage: string, found: (finding: Finding) => Promise<void>): Promise<void>;
  /** Asks the control target whether home can see. Other vantages judge their own sight. */
  canSee(): Promise<boolean>;
  retry(messages: ProbeMessage[]): Promise<void>;
  /** Checks what these failing services depend on. Never rejects. */
  causes(failing: Check[]): Promise<void>;
}

/** Returns the outcomes. Throws only when a part of the hub failed; then the whole round may run again. */
export async function runRound(message: ProbeMessage, deps: ProbeDeps): Promise<Outcome[]> {
  const early = message.not_before - deps.now();
  if (early > 0) await deps.wait(Math.min(early, deps.longestWait));
  const startedAt = deps.now();
  const all: JudgedFinding[] = [];
  const causes: Promise<void>[] = []; // what is told waits for none of them
  const batcher = new OutcomeBatcher<Finding>(deps.wait, async (findings) => {
    const judged = await judge(message.round, findings, deps);
    all.push(...judged);
    const told = judged.filter(isTold);
    causes.push(deps.causes(suspicious(told)));
    await tell(message, told, startedAt, deps);
  });
  const control = new ControlCheck(() => deps.canSee());
  const { checks, unsettled } = await deps.watched(message.checks);
  await deps.probe(checks, message.vantage, async ({ check, observation }) => {
    const finding = {
      check,
      observation: message.vantage === HOME_VANTAGE ? await control.conclusive(observation) : observation,
    };
    batcher.add(finding, unsettled.has(check.service_id) || mayBeNews(message.round, finding));
  });
  await batcher.flush();
  const run = { ...message, epoch: epochOf(message), started_at: startedAt };
  const told = all.filter(isTold);
  if (told.length > 0) await deps.record(recordOf(run, told));
  await Promise.all(causes);
  return all.map((judged) => judged.outcome);
}

/** Whether the finding may change something although the service was up: anything but that it answers well, as before. */
function mayBeNews({ attempt }: Round, { check, observation }: Finding): boolean {
  const { version } = observation.details;
  if (attempt > 0 || observation.verdict !== "ok") return true;
  return isSlow(check, observation) || (version !== undefined && version !== check.version);
}

function isTold({ outcome }: JudgedFinding): boolean {
  return outcome.repeats !== true;
}

/** Sends states to the board and retries to the queue, while other checks of the round may still run. */
async function tell(
  message: ProbeMessage,
  judged: readonly JudgedFinding[],
  startedAt: number,
  deps: ProbeDeps,
): Promise<void> {
  if (judged.length === 0) return;
  const failing = judged.flatMap(({ check, outcome: { retry } }) => (retry === null ? [] : [{ check, retry }]));
  await Promise.all([
    publishJudged(judged, startedAt, deps),
    failing.length > 0 ? deps.retry(retryRounds(message, failing, deps.now())) : undefined,
  ]);
}

function epochOf({ checks }: ProbeMessage): string {
  return checks[0]?.epoch ?? "";
}
