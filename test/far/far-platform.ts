/** What the platform does to a hub whose objects landed on another continent, as in the simulated hours. */

/** Of a call of an object, there or back. */
export const WAY_MS = 125;
/** The part of the messages that is delivered once more after the work was done. */
export const REPEATED = 0.2;

/** A path of the Worker that answers with a FarCount. */
export const FAR_COUNT_PATH = "/api/far-platform";

/** Since the runtime started. */
export interface FarCount {
  /** Calls of objects that went there and back, by who called. */
  calls: { worker: number; objects: number };
  /** Messages of the queues that came for the first time. */
  messages: number;
  /** Those that came once more after they had been handled. */
  repeated: number;
}
