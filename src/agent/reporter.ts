/** Brings what the agent observed to the hub: in order, many at once, again and again until the hub has taken it in. */

import {
  type AgentReceipt,
  type AgentReport,
  MAX_REPORTED,
  type ReportedObservation,
} from "../core/agent/agent-protocol.ts";
import { LOCKED_OUT_MS, REPORT_GATHER_MS, REPORT_MAX_PAUSE_MS, REPORT_MAX_RETRY_MS } from "../core/time/durations.ts";
import { messageOf } from "../core/values/error-message.ts";
import { HeldBack } from "./held-back.ts";
import { HubRefused } from "./hub-api.ts";
import type { Spool } from "./spool.ts";

/** When so many in a row can't be read, it is not the observations that are wrong. */
const MAX_LEFT_OUT = 5;
/** Of what was told before, in one report. They are small: each is one that the hub has read. */
const MAX_AGAIN = 200;
/** The hub takes 1 MB of uncompressed text. */
const MAX_REPORT_CHARS = 700_000;

export interface ReporterDeps {
  spool: Spool<ReportedObservation>;
  report(report: AgentReport): Promise<AgentReceipt>;
  about(): Pick<AgentReport, "version" | "host" | "problem">;
  wait(ms: number): Promise<void>;
  /** Unix ms, of the agent's own clock. */
  now(): number;
  random(): number;
  log(line: string): void;
  /** Observations came too late for the hub's statuses, which so know nothing of them. Undefined: any services. */
  cameTooLate(ids: number[] | undefined): void;
  /** Told what the hub says of the services now. */
  judged(states: AgentReceipt["states"]): void;
}

export class Reporter {
  readonly #deps: ReporterDeps;
  readonly #held = new HeldBack();
  #wake: (() => void) | null = null;
  #stopped = false;
  #failures = 0;
  #lastError = "";
  #diskError = "";
  /** Fewer when the hub can't read a report, until the one observation that is wrong is found. */
  #limit = MAX_REPORTED;
  /** Observations that were left out since the last report that was taken. */
  #leftOut = 0;
  /** True: a report is due even without observations. */
  #due = false;

  constructor(deps: ReporterDeps) {
    this.#deps = deps;
  }

  /** Never throws: a disk that is full must not end the checks. What it has no room for counts as dropped. */
  add(observation: ReportedObservation): void {
    try {
      this.#deps.spool.add([observation]);
      this.#diskError = "";
    } catch (error) {
      const words = messageOf(error);
      if (words !== this.#diskError) this.#deps.log(`observations are lost: ${words}`);
      this.#diskError = words;
      this.#due = true; // the hub hears of it
    }
    this.#wake?.();
  }

  /** Tells the hub of the agent itself. */
  announce(): void {
    this.#due = true;
    this.#wake?.();
  }

  stop(): void {
    this.#stopped = true;
    this.#wake?.();
  }

  /** Runs until `stop`, then says what there is to say, and goodbye. Never rejects. */
  async run(): Promise<void> {
    while (!this.#stopped) {
      if (!this.#isDue) {
        await this.#woken();
        await this.#deps.wait(REPORT_GATHER_MS);
      } else {
        const pause = await this.#reportOnce();
        if (pause > 0) await this.#deps.wait(pause);
      }
    }
    await this.#reportOnce();
  }

  get #isDue(): boolean {
    return this.#due || this.#deps.spool.waiting > 0 || this.#held.dueIn(this.#deps.now()) === 0;
  }

  #woken(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = () => {
      this.#wake = null;
      resolve();
    };
    const heldFor = this.#held.dueIn(this.#deps.now());
    return heldFor === null ? promise : Promise.race([promise, this.#deps.wait(heldFor)]);
  }

  /** Returns how long to wait before the next one, in milliseconds. */
  async #reportOnce(): Promise<number> {
    const { spool, now } = this.#deps;
    const again = this.#limit === MAX_REPORTED ? this.#held.take(MAX_AGAIN, now()) : [];
    const items = this.#next(again);
    const waiting = spool.waiting - items.length + this.#held.size;
    const { dropped } = spool;
    const about = { ...this.#deps.about(), dropped: dropped + this.#held.dropped, waiting, tells_again: true };
    const report = this.#stopped ? { ...about, leaving: true } : about;
    const isBehind = ({ service_id }: ReportedObservation) => this.#held.has(service_id);
    const behind = items.filter(isBehind);
    const told = [...again, ...items.filter((item) => !isBehind(item))];
    const wasDue = this.#due;
    this.#due = false; // what comes while the report is under way needs another one
    try {
      const receipt = await this.#deps.report({ ...report, observations: told });
      spool.drop(items.length);
      this.#held.add(behind);
      this.#held.settle(told, receipt.untaken, now());
      this.#taken(receipt);
      return spool.waiting > 0 && spool.waiting < MAX_REPORTED ? REPORT_GATHER_MS : 0;
    } catch (error) {
      this.#due ||= wasDue;
      this.#held.giveBack(again);
      return this.#failed(error, items.length);
    }
  }

  #next(again: readonly ReportedObservation[]): ReportedObservation[] {
    for (let limit = this.#limit - again.length; ; limit = Math.ceil(limit / 2)) {
      const next = this.#deps.spool.peek(limit);
      if (limit === 1 || JSON.stringify([...again, ...next]).length <= MAX_REPORT_CHARS) return next;
    }
  }

  #taken({ refused, late, late_services, states }: AgentReceipt): void {
    const { log } = this.#deps;
    this.#deps.judged(states);
    for (const { service_id, reason } of refused)
      log(`the hub refuses observations of service ${service_id}: ${reason}`);
    if (late > 0) this.#deps.cameTooLate(late_services);
    if (this.#failures > 0) {
      log(`the hub takes reports again${late > 0 ? `; ${late} observations came too late for its statuses` : ""}`);
    }
    this.#failures = 0;
    this.#leftOut = 0;
    this.#lastError = "";
    this.#limit = MAX_REPORTED;
  }

  /** `count`: observations of the spool that the report had. */
  #failed(error: unknown, count: number): number {
    const words = messageOf(error);
    const isUnreadable = error instanceof HubRefused && (error.status === 400 || error.status === 413);
    if (isUnreadable && count > 0 && this.#leftOut < MAX_LEFT_OUT) return this.#isolate(words, count);
    this.#failures += 1;
    const isOnlyGoodbye = this.#stopped && count === 0;
    if (words !== this.#lastError && !isOnlyGoodbye)
      this.#deps.log(`report failed: ${words}; ${this.#deps.spool.waiting} wait`);
    this.#lastError = words;
    if (!(error instanceof HubRefused)) return this.#backoff();
    if (error.isLockedOut) return LOCKED_OUT_MS;
    return Math.max(this.#backoff(), Math.min(error.retryAfterMs ?? 0, REPORT_MAX_PAUSE_MS));
  }

  /** One observation that the hub can't read must not hold up all others. */
  #isolate(words: string, count: number): number {
    if (count > 1) {
      this.#limit = Math.ceil(count / 2);
    } else {
      this.#deps.log(`an observation is left out: ${words}`);
      this.#deps.spool.drop(count);
      this.#leftOut += 1;
      this.#limit = MAX_REPORTED;
    }
    return 0;
  }

  #backoff(): number {
    const delay = Math.min(REPORT_MAX_RETRY_MS, 500 * 2 ** (this.#failures - 1));
    return delay * (0.8 + 0.4 * this.#deps.random());
  }
}
