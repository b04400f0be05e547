/** The response of a lane's monitor to a question about some of its services. */
import type { Flip, LiveState } from "./records.ts";

export interface LaneAnswer<T> {
  /**
   * One result for each service, in the order of the question; null: the lane no longer watches the service, or has no
   * state of it.
   */
  results: (T | null)[];
  /** Ids of services whose state may be in a former lane. The caller moves the state and asks again. */
  strangers: number[];
  /** States that arrived from former lanes. The former lanes do not know yet that the states arrived. */
  unsettled: { service_id: number; lane: number }[];
}

/** The state of a service after too long a silence, or after the hub stopped watching it. */
export interface Silence {
  live: LiveState;
  /** Flips that may not be in the database yet, oldest first. */
  flips: Flip[];
}
