/** The time as a part of the hub or of an agent sees it. It is passed in where the parts are put together. */
export interface Clock {
  /** Unix ms. */
  now(): number;
  /** Resolves after `ms`. Rejects with the reason of the signal when that is aborted before. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `run` every `ms` until the returned function is called. */
  every(ms: number, run: () => void): () => void;
  /** When the platform, whose alarms and queues know its own time only, has to act at `at` of this clock. Unix ms. */
  platformTime(at: number): number;
  /** The reverse of `platformTime`, for times that the platform tells. */
  fromPlatform(at: number): number;
}
