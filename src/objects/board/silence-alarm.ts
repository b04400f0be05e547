/** The alarm of the board: it comes when silence changes the status of a service, and the service's lane then decides. */

import type { Board, BoardUpdate, Reporter } from "../../core/board/board.ts";
import type { Clock } from "../../core/time/clock.ts";
import { LANE_AGAIN_MS, SILENCE_ALARM_GAP_MS, SILENCE_ALARM_IDLE_MS } from "../../core/time/durations.ts";
import { type ExpireDeps, expireOverdue, withLanesBack } from "../../pipeline/expire.ts";
import { errorText, log } from "../../platform/log.ts";
import { Listening } from "../downtime/listening.ts";
import { RefusedReports } from "../downtime/refused-reports.ts";
import type { BoardSteps } from "./board-steps.ts";

/** Number of overdue services that one alarm handles. The others follow a second later. */
const OVERDUE_AT_ONCE = 200;

export class SilenceAlarm {
  readonly #storage: DurableObjectStorage;
  readonly #clock: Clock;
  readonly #board: Board;
  readonly #listening: Listening;
  readonly #refusedReports: RefusedReports;
  readonly #deps: ExpireDeps;
  readonly #writeFlips: BoardSteps["writeFlips"];
  /** When the alarm is due, Unix ms; null: not that we know. */
  #at: number | null = null;
  /** Lanes that did not answer, with the time from which they are asked again, Unix ms. */
  readonly #leftOut = new Map<number, number>();

  constructor(storage: DurableObjectStorage, steps: BoardSteps, board: Board, clock: Clock) {
    this.#storage = storage;
    this.#clock = clock;
    this.#board = board;
    this.#listening = new Listening(storage, clock);
    this.#refusedReports = new RefusedReports(storage);
    for (const [id, at] of this.#refusedReports.entries(clock.now())) board.noteRefused([id], at);
    this.#deps = { ...steps.expire, failed: (lane, error) => this.#leaveOut(lane, error) };
    this.#writeFlips = steps.writeFlips;
  }

  /** Call this when the object begins. `startedAt`: when the process of a local hub began, Unix ms. */
  async wake(startedAt: number | undefined): Promise<void> {
    this.#listening.started(startedAt);
    const alarm = await this.#storage.getAlarm();
    this.#came(alarm === null ? null : this.#clock.fromPlatform(alarm));
  }

  reportRefused(reporter: Reporter): void {
    this.#noteRefused(this.#board.servicesOf(reporter));
  }

  #noteRefused(ids: readonly number[]): void {
    const now = this.#clock.now();
    this.#board.noteRefused(ids, now);
    this.#refusedReports.note(ids, now);
  }

  /** The results of its services went nowhere, so they were not silent. */
  #leaveOut(lane: number, error: unknown): void {
    this.#leftOut.set(lane, this.#clock.now() + LANE_AGAIN_MS);
    this.#noteRefused(this.#board.servicesInLane(lane));
    log("error", "lane.no_answer", { lane, error: errorText(error) });
  }

  readonly #isLeftOut = (lane: number): boolean => {
    const wait = (this.#leftOut.get(lane) ?? 0) - this.#clock.now();
    return wait > 0 && wait <= LANE_AGAIN_MS;
  };

  /** Nobody could be heard until now. */
  listenAnew(): void {
    this.#listening.beginAnew();
    this.#board.listeningSince = this.#listening.since;
  }

  /** Call this first when the alarm comes. */
  rang(info: AlarmInvocationInfo | undefined): void {
    this.#at = null;
    if (info !== undefined && !info.isRetry) this.#came(this.#clock.fromPlatform(info.scheduledTime));
  }

  /** Asks the lanes of overdue services, and hands what they say to `take`. Sets the next alarm, even when it throws. */
  async handleOverdue(take: (update: BoardUpdate) => void): Promise<void> {
    let gap = SILENCE_ALARM_IDLE_MS;
    try {
      const overdue = this.#board.overdue(this.#clock.now(), OVERDUE_AT_ONCE, this.#isLeftOut);
      const back = [...new Set(overdue.map(({ check }) => check.lane))].filter((lane) => this.#leftOut.delete(lane));
      const update = await expireOverdue(withLanesBack(overdue, back, this.#clock.now()), this.#deps);
      for (const lane of back) if (!this.#leftOut.has(lane)) this.#noteRefused(this.#board.servicesInLane(lane));
      take(update);
      await this.#writeFlips(update.flips);
      if (update.flips.length > 0 || overdue.length === 0) gap = SILENCE_ALARM_GAP_MS;
    } finally {
      await this.arm(gap);
    }
  }

  /** Sets the alarm for the earliest deadline, but not within `gap` (milliseconds). */
  async arm(gap = SILENCE_ALARM_GAP_MS): Promise<void> {
    await this.#armFor(this.#board.nextDeadline(), gap);
  }

  /** Sets the alarm earlier when one of these services has an earlier deadline. */
  async armFor(ids: readonly number[]): Promise<void> {
    const next = this.#board.earliestOf(ids);
    if (next === null || (this.#at !== null && this.#at <= next)) return;
    await this.#armFor(next, SILENCE_ALARM_GAP_MS);
  }

  /**
   * While the hub was away it could hear nobody, so who was silent gets the full time again. `expected`: when the alarm
   * was due, Unix ms; null: none was.
   */
  #came(expected: number | null): void {
    this.#listening.alarmCame(expected);
    this.#board.listeningSince = this.#listening.since;
  }

  async #armFor(deadline: number | null, gap: number): Promise<void> {
    if (deadline === null) return;
    this.#at = Math.max(deadline + 1, this.#clock.now() + gap);
    await this.#storage.setAlarm(this.#clock.platformTime(this.#at));
  }
}
