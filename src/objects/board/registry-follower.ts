/** Brings the board and the lanes up to the registry, page by page, from where the last call ended. */
import type { Board } from "../../core/board/board.ts";
import type { Cursor } from "../../core/federation/replication.ts";
import { AT_THE_BEGINNING, type FollowDeps, follow, followAgain } from "../../pipeline/follow.ts";
import type { BoardOfRegistry } from "../../platform/board-rpc.ts";
import { errorText, log } from "../../platform/log.ts";
import type { BoardLoader } from "./board-loader.ts";
import type { BoardSteps } from "./board-steps.ts";

const CURSOR_KEY = "followed";
const AGAIN_KEY = "follow_again";
/** When the lanes of so many services do not answer, it is not single lanes that are away. */
const MAX_AGAIN = 1_000;
/** Of the services that are left from before. */
const AGAIN_AT_ONCE = 500;

interface FollowedBoard {
  board: Pick<Board, "known">;
  loader: Pick<BoardLoader, "enter">;
  object: Pick<BoardOfRegistry, "add" | "remove">;
}

export class RegistryFollower {
  readonly #storage: DurableObjectStorage;
  readonly #deps: FollowDeps;
  /** Ends when the call before has ended. */
  #before: Promise<unknown> = Promise.resolve();

  constructor(storage: DurableObjectStorage, steps: BoardSteps["follow"], { board, loader, object }: FollowedBoard) {
    this.#storage = storage;
    this.#deps = {
      ...steps,
      known: (id) => board.known(id),
      enter: async (epoch) => void (await loader.enter(epoch)),
      boardAdd: (checks, created) => object.add(checks, created),
      boardRemove: (leaving, flips) => object.remove(leaving, flips),
    };
  }

  /** Handles one page, see `follow`. Returns whether there are more; false also while a part of the hub is away. */
  async next(age: number): Promise<boolean> {
    const page = this.#before.then(() => this.#next(age));
    this.#before = page;
    return await page;
  }

  async #next(age: number): Promise<boolean> {
    const before = this.#storage.kv.get<Cursor>(CURSOR_KEY) ?? AT_THE_BEGINNING;
    const left = this.#storage.kv.get<number[]>(AGAIN_KEY) ?? [];
    try {
      const { cursor, more, again } = await follow(before, age, this.#deps);
      const now = left.slice(0, AGAIN_AT_ONCE);
      const still = await followAgain(now, cursor.epoch ?? "", this.#deps);
      const waiting = [...new Set([...left.slice(now.length), ...still, ...again])];
      if (waiting.length > MAX_AGAIN) throw new Error(`the lanes of ${waiting.length} services do not answer`);
      if (waiting.join() !== left.join()) this.#storage.kv.put(AGAIN_KEY, waiting);
      if (cursor !== before) this.#storage.kv.put(CURSOR_KEY, cursor);
      return more;
    } catch (error) {
      log("warn", "registry.followed_later", { error: errorText(error) });
      return false;
    }
  }
}
