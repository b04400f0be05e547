/** What a lane's monitor replies to a question about some of its services. */
import type { Flip, LiveState } from "./records.ts";

export interface LaneAnswer<T> {
  /** In the order of the question; null: the service is not watched here any more, or is a stranger. */
  results: (T | null)[];
  /** Ids of services whose state may lie in a former lane: move it, then ask again. */
  strangers: number[];
  /** States that arrived from former lanes which have not been told so. */
  unsettled: { service_id: number; lane: number }[];
}

/** A service that was not heard of, or that is not watched any more. */
export interface Silence {
  live: LiveState;
  /** Those that the database may lack, oldest first. */
  flips: Flip[];
}
