/** Since when the hub can hear without a break. Silence counts only while it could hear; the time outlasts an eviction. */

import type { Clock } from "../../core/time/clock.ts";
import { LATE_ALARM_MS } from "../../core/time/durations.ts";
import { logPause } from "./pause-detector.ts";

const STEP_MS = 1_000;
const STARTED_AS = "started_at";
const STORED_AS = "hearing_since";

export class Listening {
  readonly #storage: DurableObjectStorage;
  readonly #clock: Clock;
  #since: number;

  constructor(storage: DurableObjectStorage, clock: Clock) {
    this.#storage = storage;
    this.#clock = clock;
    // A clock that was set back must not make all before it count for nothing.
    this.#since = Math.min(storage.kv.get<number>(STORED_AS) ?? 0, this.#clock.now());
  }

  /** Unix ms; 0: it was never away. */
  get since(): number {
    return Math.min(this.#since, this.#clock.now());
  }

  /** The hub could not hear until now. Returns false when that was known. */
  beginAnew(): boolean {
    const now = this.#clock.now();
    if (Math.abs(now - this.#since) < STEP_MS) return false; // as close as it needs to be
    this.#since = now;
    this.#storage.kv.put(STORED_AS, now);
    return true;
  }

  /**
   * `startedAt`: when this process of a local hub began, Unix ms; undefined: the hub is deployed. Whatever was said
   * before it was not heard.
   */
  started(startedAt: number | undefined): void {
    if (startedAt === undefined) return;
    if (this.#storage.kv.get<number>(STARTED_AS) === startedAt) return;
    this.#storage.kv.put(STARTED_AS, startedAt);
    this.beginAnew();
  }

  /** `expected`: when the alarm was due that comes now, or should have come, Unix ms; null: none was. */
  alarmCame(expected: number | null): void {
    const now = this.#clock.now();
    if (expected === null || now - expected < LATE_ALARM_MS) return;
    if (this.beginAnew()) logPause(expected, now);
  }
}
