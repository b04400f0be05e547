/** A hub of the real parts: planner, rounds, lanes, board and what an agent reports. Only time and the platform are simulated. */
import { type AgentReceipt, type AgentReport, refusalOf, toFinding } from "../../src/core/agent/agent-protocol.ts";
import { Board, type BoardUpdate } from "../../src/core/board/board.ts";
import { unknownState } from "../../src/core/board/board-entry.ts";
import { isScheduled } from "../../src/core/lane/lanes.ts";
import { type OutcomesMessage, type ProbeMessage, readProbeMessage } from "../../src/core/lane/queue-messages.ts";
import { planRounds, tickWindow } from "../../src/core/lane/schedule.ts";
import type { Check, DueCheck, Finding } from "../../src/core/service/check.ts";
import type { Round } from "../../src/core/service/records.ts";
import { liveState, type MonitorState, newMonitorState, withoutFuture } from "../../src/core/status/monitor-state.ts";
import type { Judgement } from "../../src/core/status/outcome.ts";
import type { RecordedFlip } from "../../src/core/status/recorded-flip.ts";
import { expire } from "../../src/core/status/silence.ts";
import { observe } from "../../src/core/status/state-machine.ts";
import {
  LANE_AGAIN_MS,
  LANE_TAKES_MS,
  LATE_ALARM_MS,
  SILENCE_ALARM_GAP_MS,
  SILENCE_ALARM_IDLE_MS,
} from "../../src/core/time/durations.ts";
import { within } from "../../src/core/values/settle-each.ts";
import { expireOverdue, withLanesBack } from "../../src/pipeline/expire.ts";
import { newestOfLate } from "../../src/pipeline/plan.ts";
import { type ProbeDeps, runRound } from "../../src/pipeline/probe.ts";
import { takeReport } from "../../src/pipeline/take-report.ts";
import type { Eye } from "./simulated-look.ts";
import type { Program } from "./simulated-time.ts";

const MINUTE_MS = 60_000;
/** How often the alarm of the board is looked for. */
const ALARM_LOOK_MS = 500;
/** The queue brings a round less than a second early, and tries a failed one again. */
const QUEUE_STEP_MS = 1_000;
const QUEUE_AGAIN_MS = 5_000;
const QUEUE_TRIES = 3;
const LONGEST_WAIT_MS = 5_000;
/** Until an outcome is in the database. */
const RECORDED_MS = { least: 100, most: 1_500 };

export interface SimulatedHubOptions {
  program: Program;
  /** Makes one for each round, as the Worker does. */
  eye(): Eye;
  checks: readonly Check[];
  random(): number;
  /** What is wrong with a lane's object now; null: nothing. */
  laneTrouble(lane: number): "throws" | "hangs" | null;
  isTickLost(): boolean;
  /** What a call of an object takes, ms. */
  hopMs: number;
  /** Whether the round that has just been done is delivered once more: the queue did not hear that it was done. */
  isRepeated(): boolean;
  /** Each flip once. */
  told(flip: RecordedFlip): void;
}

export class SimulatedHub {
  readonly #options: SimulatedHubOptions;
  readonly #board = new Board();
  /** The database. */
  readonly #rows: Map<number, Check>;
  readonly #states = new Map<number, MonitorState>();
  readonly #told = new Set<string>();
  readonly #leftOut = new Map<number, number>();
  /** When the alarm of the board is due, by the hub's clock; null: never. */
  #alarmAt: number | null = null;
  #isRinging = false;

  constructor(options: SimulatedHubOptions) {
    this.#options = options;
    this.#rows = new Map(options.checks.map((check) => [check.service_id, check]));
    for (const check of options.checks) this.#board.add(check, unknownState(this.#now()));
  }

  start(): void {
    const { program } = this.#options;
    program.every(ALARM_LOOK_MS, () => void this.#ringWhenDue());
    this.#plan(this.#now());
    this.#nextTick();
  }

  checksOf(agent: string): Check[] {
    return [...this.#rows.values()].filter((check) => check.agent === agent);
  }

  now(): number {
    return this.#now();
  }

  /** A tick of the cron for the minute that has begun: late, or once more. */
  tick(): void {
    this.#plan(Math.floor(this.#now() / MINUTE_MS) * MINUTE_MS);
  }

  /** Throws as a hub does that answers 503. */
  async report({ observations }: AgentReport, agent: string): Promise<AgentReceipt> {
    const now = this.#now();
    const refused = new Map<number, string>();
    const taken = observations.flatMap((each) => {
      const check = this.#rows.get(each.service_id);
      const reason = refusalOf(each, check, now);
      if (reason !== null) refused.set(each.service_id, reason);
      return check === undefined || reason !== null ? [] : [toFinding(each, check, agent, this.#now())];
    });
    try {
      const receipt = await takeReport(taken, `agent:${agent}`, {
        ...this.#judging,
        refusedUntil: async (ids) => this.#board.refusedUntil(ids),
        reportRefused: async (ids) => this.#board.noteRefused(ids, this.#now()),
      });
      return {
        now: this.#now(),
        ...receipt,
        refused: [...refused].map(([service_id, reason]) => ({ service_id, reason })),
      };
    } catch (error) {
      this.#board.noteRefused(this.#board.servicesOf({ agent }), this.#now());
      throw error;
    }
  }

  readonly #now = (): number => this.#options.program.clock.now();

  /** The cron comes each full minute of the hub's clock. */
  #nextTick(): void {
    const { program, isTickLost } = this.#options;
    program.after(MINUTE_MS - (this.#now() % MINUTE_MS), () => {
      if (!isTickLost()) {
        this.#board.correctTimes(this.#now());
        this.#plan(this.#now());
      }
      this.#nextTick();
    });
  }

  #plan(tick: number): void {
    const scheduled = [...this.#rows.values()].filter(({ lane }) => isScheduled(lane));
    this.#send(newestOfLate(planRounds(scheduled, tickWindow(tick), []), this.#now()));
  }

  #send(messages: readonly ProbeMessage[]): void {
    for (const message of messages) {
      const delay = Math.floor((message.not_before - this.#now()) / QUEUE_STEP_MS) * QUEUE_STEP_MS;
      this.#options.program.after(Math.max(1, delay), () => void this.#consume(message, QUEUE_TRIES));
    }
  }

  async #consume(body: ProbeMessage, tries: number): Promise<void> {
    const { message } = readProbeMessage(body);
    const again = (left: number) => {
      if (left >= 0) this.#options.program.after(QUEUE_AGAIN_MS, () => void this.#consume(body, left));
    };
    await runRound(message, this.#probing).then(
      () => this.#options.isRepeated() && again(tries - 1),
      () => {
        this.#board.noteRefused(
          message.checks.map(({ service_id }) => service_id),
          this.#now(),
        );
        again(tries - 1);
      },
    );
  }

  async #hop(): Promise<void> {
    const { hopMs, program } = this.#options;
    if (hopMs > 0) await program.clock.wait(hopMs);
  }

  get #judging() {
    const { wait } = this.#options.program.clock;
    return {
      now: this.#now,
      wait,
      causes: async () => {},
      observe: async (round: Round, findings: Finding[]) => {
        await this.#hop();
        const judged = await within(LANE_TAKES_MS, this.#observe(round, findings), this.#options.program.clock);
        await this.#hop();
        return judged;
      },
      publish: async (update: BoardUpdate) => {
        await this.#hop();
        this.#publish(update);
        await this.#hop();
      },
      writeFlips: async () => this.#hop(),
      record: async (message: OutcomesMessage) => {
        await this.#hop();
        this.#record(message);
      },
    };
  }

  get #probing(): ProbeDeps {
    const { program } = this.#options;
    const eye = this.#options.eye();
    return {
      ...this.#judging,
      longestWait: LONGEST_WAIT_MS,
      watched: async (checks: DueCheck[]) => {
        await this.#hop();
        const unsettled = checks.filter(({ service_id: id }) => this.#board.isUnsettled(id));
        return { checks, unsettled: new Set(unsettled.map(({ service_id }) => service_id)) };
      },
      canSee: async () => true,
      retry: async (messages) => this.#send(messages),
      async probe(checks, vantage, found) {
        await Promise.all(
          checks.map(async ({ after_ms = 0, ...check }) => {
            if (after_ms > 0) await program.clock.wait(after_ms);
            await found({ check, observation: await eye.look(check, vantage) });
          }),
        );
      },
    };
  }

  async #observe(round: Round, findings: readonly Finding[]): Promise<(Judgement | null)[]> {
    await this.#laneAnswers(round.lane);
    return findings.map(({ check, observation }) => {
      const state = this.#stateOf(check, observation.at);
      const step = observe(state, { check, round, observation, vantages: [], random: this.#options.random() });
      if (step === null) return null;
      this.#states.set(check.service_id, step.state);
      return { live: liveState(step.state), flips: step.state.flips, retry: step.retry, version: null };
    });
  }

  /** As the object of the lane reads it. */
  #stateOf({ service_id, health_interval }: Check, at: number): MonitorState | null {
    const kept = this.#states.get(service_id);
    return kept === undefined ? null : withoutFuture(kept, health_interval, this.#now(), Math.min(at, this.#now()));
  }

  async #laneAnswers(lane: number): Promise<void> {
    const trouble = this.#options.laneTrouble(lane);
    if (trouble === "throws") throw new Error("the object was reset");
    if (trouble === "hangs") await new Promise<never>(() => {});
  }

  #publish({ items, flips }: BoardUpdate): void {
    this.#board.apply(items, flips);
    const next = this.#board.earliestOf(items.map(([id]) => id));
    if (next !== null && (this.#alarmAt === null || next < this.#alarmAt)) this.#arm(next, SILENCE_ALARM_GAP_MS);
  }

  #record({ flips }: OutcomesMessage): void {
    for (const flip of flips) {
      const key = `${flip.service_id} ${flip.seq}`;
      if (!this.#told.has(key)) this.#options.told(flip);
      this.#told.add(key);
    }
    const delay = RECORDED_MS.least + this.#options.random() * (RECORDED_MS.most - RECORDED_MS.least);
    this.#options.program.after(delay, () => {
      for (const { service_id, seq, to, at } of flips) {
        const row = this.#rows.get(service_id);
        if (row === undefined || row.recorded_seq >= seq) continue;
        const recorded = { recorded_status: to, recorded_since: Date.parse(at), recorded_seq: seq };
        this.#rows.set(service_id, { ...row, ...recorded });
      }
    });
  }

  #arm(deadline: number | null, gap: number): void {
    this.#alarmAt = deadline === null ? null : Math.max(deadline + 1, this.#now() + gap);
  }

  /** As SilenceAlarm of src/objects, whose storage and platform there are none of here. */
  async #ringWhenDue(): Promise<void> {
    const now = this.#now();
    if (this.#isRinging || this.#alarmAt === null || now < this.#alarmAt) return;
    if (now - this.#alarmAt >= LATE_ALARM_MS) this.#board.listeningSince = now;
    this.#isRinging = true;
    const isLeftOut = (lane: number) => (this.#leftOut.get(lane) ?? 0) > this.#now();
    const overdue = this.#board.overdue(now, this.#rows.size, isLeftOut);
    const { wait } = this.#options.program.clock;
    const back = [...new Set(overdue.map(({ check }) => check.lane))].filter((lane) => this.#leftOut.delete(lane));
    const update = await expireOverdue(withLanesBack(overdue, back, now), {
      now: this.#now,
      wait,
      record: async (message) => this.#record(message),
      expire: async (lane, silent) => {
        await this.#laneAnswers(lane);
        return silent.map(({ check, last_at }) => {
          const state = this.#stateOf(check, this.#now()) ?? newMonitorState(check);
          const next = expire(state, check, last_at, this.#now());
          this.#states.set(check.service_id, next);
          return { live: liveState(next), flips: next.flips };
        });
      },
      failed: (lane) => {
        this.#leftOut.set(lane, this.#now() + LANE_AGAIN_MS);
        this.#board.noteRefused(this.#board.servicesInLane(lane), this.#now());
      },
    });
    for (const lane of back) {
      if (!this.#leftOut.has(lane)) this.#board.noteRefused(this.#board.servicesInLane(lane), this.#now());
    }
    this.#board.apply(update.items, update.flips);
    const isQuick = update.flips.length > 0 || overdue.length === 0;
    this.#arm(this.#board.nextDeadline(), isQuick ? SILENCE_ALARM_GAP_MS : SILENCE_ALARM_IDLE_MS);
    this.#isRinging = false;
  }
}
