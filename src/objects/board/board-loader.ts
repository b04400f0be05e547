/** Reads the board from the database, after an eviction and after an outage of the database. */

import type { Board } from "../../core/board/board.ts";
import { seededState } from "../../core/board/board-entry.ts";
import { epochOrder } from "../../core/service/epoch.ts";
import type { Clock } from "../../core/time/clock.ts";
import { LOAD_BOARD_AGAIN_MS } from "../../core/time/durations.ts";
import { errorText, log } from "../../platform/log.ts";
import type { Db } from "../../store/database.ts";
import { listHubs } from "../../store/federation/hubs.ts";
import { loadBoard } from "../../store/registry/checks.ts";
import type { StreakMemory } from "./streak-memory.ts";

interface Loading {
  db: Db;
  board: Board;
  streaks: StreakMemory;
  clock: Clock;
  /** The board knows all services now. `peers`: the number of other hubs; `wasPartial`: it ever knew only a part. */
  loaded(peers: number, wasPartial: boolean): Promise<void>;
  /** Another life of the database has begun, and the board has what that knows. */
  begun(): void;
}

export class BoardLoader {
  readonly #deps: Loading;
  #isLoaded = false;
  #hasFailed = false;
  #triedAt = 0;
  /** The board is being read. */
  #loading: Promise<void> | null = null;

  constructor(deps: Loading) {
    this.#deps = deps;
  }

  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  /** Ends with the answer of the database, or when that does not come in time. */
  async load(): Promise<void> {
    if (this.#isLoaded) return;
    this.#loading ??= this.#read().finally(() => {
      this.#loading = null;
    });
    await this.#loading;
  }

  /**
   * While the database is away, the board goes on with the states that it gets, and loads the others later. Events come
   * in meanwhile: a database that hangs must not stop the hub.
   */
  async ready(): Promise<void> {
    const isDue = Math.abs(this.#deps.clock.now() - this.#triedAt) >= LOAD_BOARD_AGAIN_MS;
    if (!this.#isLoaded && isDue) void this.load();
    await this.#loading;
  }

  /** Returns false for what belongs to an earlier life of the database. With a later one everything begins anew. */
  async enter(epoch: string): Promise<boolean> {
    const order = epochOrder(epoch, this.#deps.board.epoch);
    if (order === "newer") await this.#begin(epoch);
    return order !== "older";
  }

  async #begin(epoch: string): Promise<void> {
    const { board, streaks, begun } = this.#deps;
    this.#isLoaded = false;
    board.begin(epoch);
    streaks.forgetAll();
    await this.#loading; // of the life before
    await this.load();
    begun();
  }

  async #read(): Promise<void> {
    const peers = await this.#readBoard();
    if (peers !== null) await this.#deps.loaded(peers, this.#hasFailed);
  }

  /**
   * Services that the board has already keep their states, and those that come or leave meanwhile are as they are then.
   * Returns the number of other hubs; null: the database does not answer.
   */
  async #readBoard(): Promise<number | null> {
    const { board, db, streaks, clock } = this.#deps;
    const before = { epoch: board.epoch, ids: new Set([...board.entries()].map(({ check }) => check.service_id)) };
    try {
      const { epoch, seeds } = await loadBoard(db, clock.now());
      const hubs = await listHubs(db, ["approved"]);
      if (board.epoch !== before.epoch && epochOrder(epoch, board.epoch) === "older") return null;
      board.epoch = epoch;
      for (const seed of seeds) {
        board.add(seed.check, { ...seededState(seed), ...streaks.of(seed.check.service_id) });
      }
      const read = new Set(seeds.map(({ check }) => check.service_id));
      board.keepOnly((id) => read.has(id) || !before.ids.has(id));
      board.correctTimes(clock.now());
      this.#isLoaded = true;
      return hubs.length;
    } catch (error) {
      this.#hasFailed = true;
      log("error", "board.load_failed", { error: errorText(error) });
      return null;
    } finally {
      this.#triedAt = clock.now();
    }
  }
}
