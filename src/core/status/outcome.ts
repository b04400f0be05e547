/** The consequences of a look at a service: the status after it, and its flips. */
import type { LiveState, Observation, Retry } from "../service/records.ts";
import type { Flip } from "./recorded-flip.ts";

/** The result that a lane's monitor returns for one observation. */
export interface Judgement {
  live: LiveState;
  /** Flips later than the check's `recorded_seq`, oldest first. */
  flips: Flip[];
  retry: Retry | null;
  /** The version that the service reported; null: none is known. */
  version: string | null;
  /** Nobody need hear of it; absent: it is told and recorded. */
  repeats?: true;
}

/** One check of a round: the observation, the state after it, and flips that may not be in the database yet. */
export interface Outcome extends Judgement {
  service_id: number;
  observation: Observation;
}
