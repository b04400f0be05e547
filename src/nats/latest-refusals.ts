/** The latest values that the relay refuses. They are repeated each minute, so a refusal that is not repeated has ended. */
import { LATEST_REFUSED_MS } from "../core/time/durations.ts";
import type { NatsFailure } from "./reason.ts";

export interface LatestRefusal {
  failure: NatsFailure;
  /** Unix ms. */
  since: number;
  /** Time of the last refusal, Unix ms. */
  at: number;
}

export class LatestRefusals {
  readonly #bySubject = new Map<string, LatestRefusal>();

  /** `now`: Unix ms. */
  note(subject: string, failure: NatsFailure, now: number): void {
    const since = this.#bySubject.get(subject)?.since ?? now;
    this.#bySubject.set(subject, { failure, since, at: now });
  }

  /** `now`: Unix ms. */
  recent(now: number): Map<string, LatestRefusal> {
    for (const [subject, { at }] of this.#bySubject) {
      if (Math.abs(now - at) > LATEST_REFUSED_MS) this.#bySubject.delete(subject);
    }
    return this.#bySubject;
  }
}
