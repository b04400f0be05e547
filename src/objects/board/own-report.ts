/** A report on the hub's own work, for its health: the last run of each step, losses, and checks that can't be judged. */
import type { Board } from "../../core/board/board.ts";
import { Fitness } from "../../core/service/unfit-checks.ts";
import type { BoardReport } from "../../platform/board-rpc.ts";
import { DeadLetters } from "./dead-letters.ts";
import { LastRuns } from "./last-runs.ts";

export class OwnReport {
  readonly lastRuns: LastRuns;
  readonly deadLetters: DeadLetters;
  readonly fitness = new Fitness();

  constructor(storage: DurableObjectStorage) {
    this.lastRuns = new LastRuns(storage);
    this.deadLetters = new DeadLetters(storage);
  }

  /** `now`: Unix ms. */
  of(board: Board, watchers: number, now: number): BoardReport {
    const { count: dead_letters, output: lost } = this.deadLetters.lost(now);
    return {
      ...this.lastRuns.times(now),
      dead_letters,
      lost,
      watchers,
      shortest_interval: board.shortestInterval(),
      rounds_a_day: board.roundsADay(),
      unfit: this.fitness.unfit(board.entries(), now),
    };
  }
}
