/** Step two: a round is probed, each finding goes to its service's monitor, what comes of it to the board and the record. */
import type {
  Check,
  LiveState,
  Observation,
  Outcome,
  OutcomesMessage,
  ProbeMessage,
  RecordedFlip,
  Retry,
  Round,
} from "../core/records.ts";
import { recordedFlip, roundResult } from "../core/round.ts";

/** Outcomes wait this long for company on their way to the board; a flip doesn't wait. */
const GATHER_MS = 80;

export interface BoardUpdate {
  items: [service_id: number, live: LiveState][];
  flips: RecordedFlip[];
}

export interface ProbeDeps {
  now(): number;
  wait(ms: number): Promise<void>;
  /** Those that were neither changed nor deregistered since the round was planned: a target that was let go is left alone. */
  watched(checks: Check[]): Promise<Check[]>;
  /** Probes all checks from a vantage and hands over each observation as soon as it is there. */
  probe(
    checks: Check[],
    vantage: string,
    found: (check: Check, observation: Observation) => Promise<void>,
  ): Promise<void>;
  /** Null: the check's configuration is no longer watched. */
  observe(check: Check, round: Round, observation: Observation): Promise<Outcome | null>;
  /** Asks the control target whether the hub itself can see. */
  canSee(): Promise<boolean>;
  publish(update: BoardUpdate, checks: Check[]): Promise<void>;
  record(message: OutcomesMessage): Promise<void>;
  retry(messages: ProbeMessage[]): Promise<void>;
}

interface Found {
  check: Check;
  outcome: Outcome;
}

/** Answers the outcomes; throws only when a part of the hub failed, and then the whole round may run again. */
export async function runRound(message: ProbeMessage, deps: ProbeDeps): Promise<Outcome[]> {
  const early = message.not_before - deps.now();
  if (early > 0) await deps.wait(early);
  const started_at = deps.now();
  const all: Found[] = [];
  const feed = new Feed(message, started_at, deps);
  const sight = onceInRound(() => deps.canSee());
  const checks = await deps.watched(message.checks);
  await deps.probe(checks, message.vantage, async (check, observation) => {
    const outcome = await deps.observe(check, message.round, await conclusive(observation, sight));
    if (outcome === null) return;
    all.push({ check, outcome });
    await feed.add({ check, outcome });
  });
  await feed.flush();
  if (all.length > 0) await deps.record(recordOf(message, started_at, all));
  return all.map((found) => found.outcome);
}

/** Nothing answered: was it the target, or can the hub not see at all? */
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

function recordOf(message: ProbeMessage, started_at: number, all: Found[]): OutcomesMessage {
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

/** What failed, to be tried again: one message for each attempt and vantage. */
function retriesOf(message: ProbeMessage, found: readonly Found[], now: number): ProbeMessage[] {
  const failing = found.flatMap(({ check, outcome: { retry } }) => (retry === null ? [] : [{ check, retry }]));
  const keyOf = ({ retry }: { retry: Retry }) => `${retry.vantage} ${retry.attempt}`;
  return [...Map.groupBy(failing, keyOf).values()].flatMap((group) => {
    const first = group[0];
    if (first === undefined) return [];
    return {
      round: { ...message.round, attempt: first.retry.attempt },
      vantage: first.retry.vantage,
      not_before: now + Math.min(...group.map(({ retry }) => retry.delay_ms)),
      checks: group.map(({ check }) => check),
    };
  });
}

/**
 * Gathers outcomes for a moment, so that a round reaches the board and its retries the queue in few calls; a flip
 * goes at once, and a check that hangs holds up nobody else's news.
 */
class Feed {
  readonly #message: ProbeMessage;
  readonly #startedAt: number;
  readonly #deps: ProbeDeps;
  #waiting: Found[] = [];
  #sending: Promise<void>[] = [];
  #timed = false;

  constructor(message: ProbeMessage, startedAt: number, deps: ProbeDeps) {
    this.#message = message;
    this.#startedAt = startedAt;
    this.#deps = deps;
  }

  async add(found: Found): Promise<void> {
    this.#waiting.push(found);
    if (this.#isNews(found)) {
      await this.#tell();
    } else if (!this.#timed) {
      this.#timed = true;
      void this.#deps.wait(GATHER_MS).then(() => this.#sendLater());
    }
  }

  /** Throws what any sending threw. */
  async flush(): Promise<void> {
    await this.#send();
    await Promise.all(this.#sending);
  }

  #isNews({ outcome }: Found): boolean {
    return outcome.flips.some((flip) => Date.parse(flip.at) >= this.#startedAt);
  }

  #sendLater(): void {
    this.#timed = false;
    if (this.#waiting.length === 0) return;
    const sending = this.#send();
    sending.catch(() => {}); // flush() meets it again
    this.#sending.push(sending);
  }

  /** A flip is recorded and shown without waiting for the rest of the round. */
  async #tell(): Promise<void> {
    const flips = flipsOf(this.#waiting);
    const { round, vantage } = this.#message;
    const news = { round, vantage, started_at: this.#startedAt, results: [], flips, versions: [] };
    await Promise.all([this.#send(), this.#deps.record(news)]);
  }

  async #send(): Promise<void> {
    const found = this.#waiting;
    this.#waiting = [];
    if (found.length === 0) return;
    const items = found.map(({ outcome }): BoardUpdate["items"][number] => [outcome.service_id, outcome.live]);
    const checks = found.map(({ check }) => check);
    const retries = retriesOf(this.#message, found, this.#deps.now());
    await Promise.all([
      this.#deps.publish({ items, flips: flipsOf(found) }, checks),
      retries.length > 0 ? this.#deps.retry(retries) : undefined,
    ]);
  }
}

function flipsOf(found: readonly Found[]): RecordedFlip[] {
  return found.flatMap(({ check, outcome }) => outcome.flips.map((flip) => recordedFlip(flip, check, outcome)));
}
