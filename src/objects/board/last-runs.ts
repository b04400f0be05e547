/** When each step of the pipeline last ran. */
import type { Board } from "../../core/board/board.ts";
import type { BoardReport } from "../../platform/board-rpc.ts";

const PLANNED_AT = "planned_at";

type Times = Pick<BoardReport, "planned_at" | "probed_at" | "recorded_at">;

export class LastRuns {
  readonly #storage: DurableObjectStorage;
  readonly #times: Times;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#times = { planned_at: storage.kv.get(PLANNED_AT) ?? null, probed_at: null, recorded_at: null };
  }

  /** Times of a clock that was ahead count as `now` (Unix ms). */
  times(now: number): Times {
    const { planned_at, probed_at, recorded_at } = this.#times;
    const past = (at: number | null) => (at === null ? null : Math.min(at, now));
    return { planned_at: past(planned_at), probed_at: past(probed_at), recorded_at: past(recorded_at) };
  }

  /** Only this is stored: the other times can be read from the services. `at`: Unix ms. */
  planned(at: number): void {
    this.#times.planned_at = at;
    this.#storage.kv.put(PLANNED_AT, at);
  }

  probed(at: number): void {
    this.#times.probed_at = at;
  }

  recorded(at: number): void {
    this.#times.recorded_at = at;
  }

  /** After an eviction the newest check of the services says when the later steps ran. */
  recallFrom(board: Board): void {
    let newest: number | null = null;
    for (const { live } of board.entries()) {
      if (live.last_at !== null && live.last_at > (newest ?? 0)) newest = live.last_at;
    }
    this.#times.probed_at ??= newest;
    this.#times.recorded_at ??= newest;
  }
}
