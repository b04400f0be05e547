/** Keeps observations that one part of the hub could not take in while the rest did. They are told again later, and hold up nothing. */
import type { ReportedObservation } from "../core/agent/agent-protocol.ts";
import { REPORT_MAX_RETRY_MS } from "../core/time/durations.ts";

/** Some 10 MB at most. */
const MAX_HELD = 5_000;
const FIRST_PAUSE_MS = 1_000;

export class HeldBack {
  #items: ReportedObservation[] = [];
  #dueAt = 0;
  #failures = 0;
  #dropped = 0;

  get size(): number {
    return this.#items.length;
  }

  /** Observations that there ever was no room for. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Whether something of the service is held back: what is newer must not overtake it. */
  has(serviceId: number): boolean {
    return this.#items.some(({ service_id }) => service_id === serviceId);
  }

  add(items: readonly ReportedObservation[]): void {
    this.#items.push(...items);
    this.#makeRoom();
  }

  /** Milliseconds until they are to be told again; null: there are none. `now`: Unix ms. */
  dueIn(now: number): number | null {
    return this.#items.length === 0 ? null : Math.max(0, this.#dueAt - now);
  }

  /** Takes out the oldest, at most this many, when they are due. */
  take(limit: number, now: number): ReportedObservation[] {
    return this.dueIn(now) === 0 ? this.#items.splice(0, limit) : [];
  }

  /** Puts back what was taken: no report went through. */
  giveBack(items: readonly ReportedObservation[]): void {
    this.#items = [...items, ...this.#items];
  }

  /** The hub took a report, but not what it said of these services. `told`: all of the report. `now`: Unix ms. */
  settle(told: readonly ReportedObservation[], untaken: readonly number[], now: number): void {
    const left = told.filter(({ service_id }) => untaken.includes(service_id));
    if (this.#items.length === 0 && left.length === 0) this.#failures = 0;
    if (left.length === 0) return;
    this.giveBack(left);
    this.#makeRoom();
    this.#failures += 1;
    this.#dueAt = now + Math.min(REPORT_MAX_RETRY_MS, FIRST_PAUSE_MS * 2 ** (this.#failures - 1));
  }

  #makeRoom(): void {
    const surplus = this.#items.length - MAX_HELD;
    if (surplus <= 0) return;
    this.#items.splice(0, surplus);
    this.#dropped += surplus;
  }
}
