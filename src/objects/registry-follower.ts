/** Brings the board, the lanes and NATS up to the registry, page by page, from where the last call ended. */
import type { Known, Leaving } from "../core/board.ts";
import type { Check } from "../core/check.ts";
import type { Clock } from "../core/clock.ts";
import type { RecordedFlip } from "../core/records.ts";
import type { Cursor } from "../core/replication.ts";
import type { Settings } from "../core/settings.ts";
import { AT_THE_BEGINNING, type FollowDeps, follow, followAgain } from "../pipeline/follow.ts";
import type { Bindings } from "../platform/bindings.ts";
import { laneCalls } from "../platform/lane-calls.ts";
import { errorText, log } from "../platform/log.ts";
import { bridgeOf } from "../platform/object-stubs.ts";
import { sendOutcomes, sendRounds } from "../platform/queues.ts";
import { openDatabase } from "../store/database.ts";
import { beginFollow, changedServices, changesOf, markOf } from "../store/registry-changes.ts";

const CURSOR_KEY = "followed";
const AGAIN_KEY = "follow_again";
/** When the lanes of so many services do not answer, it is not single lanes that are away. */
const MAX_AGAIN = 1_000;
/** In the worst case each of these services is in a lane of its own, and an invocation may make 1,000 calls. */
const PAGE_SERVICES = 500;

/** The board, as the one who follows sees it. */
export interface FollowedBoard {
  known(id: number): Known;
  enter(epoch: string): Promise<void>;
  add(checks: Check[], created: number[]): Promise<void>;
  remove(leaving: Leaving[], flips: RecordedFlip[]): Promise<void>;
}

export class RegistryFollower {
  readonly #storage: DurableObjectStorage;
  readonly #deps: FollowDeps;
  /** Ends when the call before has ended. */
  #before: Promise<unknown> = Promise.resolve();

  constructor(storage: DurableObjectStorage, env: Bindings, settings: Settings, clock: Clock, board: FollowedBoard) {
    this.#storage = storage;
    this.#deps = followDeps(env, settings, clock, board);
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
      const now = left.slice(0, PAGE_SERVICES);
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

function followDeps(env: Bindings, settings: Settings, clock: Clock, board: FollowedBoard): FollowDeps {
  const { now, wait } = clock;
  const db = openDatabase(env.DB);
  const lanes = laneCalls(env, clock);
  const bridge = () => (settings.NATS_URL === undefined ? null : bridgeOf(env));
  return {
    ...{ now, wait },
    vantages: settings.PROBE_VANTAGES,
    begin: (asked) => beginFollow(db, asked, now()),
    changedServices: (since) => changedServices(db, since, PAGE_SERVICES),
    changesOf: (ids) => changesOf(db, ids),
    markOf: (revision) => markOf(db, revision, now()),
    enter: board.enter,
    known: board.known,
    boardAdd: board.add,
    boardRemove: board.remove,
    close: lanes.close,
    bury: lanes.bury,
    record: (message) => sendOutcomes(env, message),
    send: (messages) => sendRounds(env, messages, clock),
    announce: async (event, checks) => bridge()?.announceServices(event, checks),
    announceFlips: async (flips) => bridge()?.announceFlips(flips),
    failed: (lane, error) => log("error", "lane.no_answer", { lane, error: errorText(error) }),
  };
}
