/** Reads the board from the database, after an eviction and after an outage of the database. */

import type { Board } from "../../core/board/board.ts";
import { seededState } from "../../core/board/board-seed.ts";
import { epochOrder } from "../../core/service/epoch.ts";
import type { Clock } from "../../core/time/clock.ts";
import { LOAD_BOARD_AGAIN_MS } from "../../core/time/durations.ts";
import { errorText, log } from "../../platform/log.ts";
import type { Db } from "../../store/database.ts";
import { listHubs } from "../../store/federation/hubs.ts";
import { loadBoard } from "../../store/registry/checks.ts";
import type { MarksKeeper } from "./streak-memory.ts";

export class BoardLoader {
  readonly #db: Db;
  readonly #board: Board;
  readonly #clock: Clock;
  readonly #marks: MarksKeeper;
  #isLoaded = false;
  #hasFailed = false;
  #triedAt = 0;

  constructor(db: Db, board: Board, marks: MarksKeeper, clock: Clock) {
    this.#db = db;
    this.#board = board;
    this.#clock = clock;
    this.#marks = marks;
  }

  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  /** Whether the board ever knew only a part of the services. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** Whether to try it again now. */
  get isDue(): boolean {
    return !this.#isLoaded && Math.abs(this.#clock.now() - this.#triedAt) >= LOAD_BOARD_AGAIN_MS;
  }

  /** What the board has is of an earlier life of the database. */
  forget(): void {
    this.#isLoaded = false;
  }

  /**
   * Services that the board has already keep their states, and those that come or leave meanwhile are as they are then.
   * Returns the number of other hubs; null: the database does not answer.
   */
  async load(): Promise<number | null> {
    const board = this.#board;
    const before = { epoch: board.epoch, ids: new Set([...board.entries()].map(({ check }) => check.service_id)) };
    try {
      const { epoch, seeds } = await loadBoard(this.#db, this.#clock.now());
      const hubs = await listHubs(this.#db, ["approved"]);
      if (board.epoch !== before.epoch && epochOrder(epoch, board.epoch) === "older") return null;
      board.epoch = epoch;
      for (const seed of seeds) {
        board.add(seed.check, { ...seededState(seed), ...this.#marks.of(seed.check.service_id) });
      }
      const read = new Set(seeds.map(({ check }) => check.service_id));
      board.keepOnly((id) => read.has(id) || !before.ids.has(id));
      board.correctTimes(this.#clock.now());
      this.#isLoaded = true;
      return hubs.length;
    } catch (error) {
      this.#hasFailed = true;
      log("error", "board.load_failed", { error: errorText(error) });
      return null;
    } finally {
      this.#triedAt = this.#clock.now();
    }
  }
}
