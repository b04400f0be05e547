/**
 * The chains whose next event was refused. A chain is the events of one service, which are sent in order. Each refused
 * chain waits for its own next try, so that it costs the other chains nothing.
 */
import { reconnectDelay } from "./reconnect.ts";

export interface Refused {
  /** Of the event. */
  subject: string;
  /** When the event was added to the outbox, Unix ms. */
  since: number;
  error: unknown;
  /** Nothing else was acknowledged then either, so the connection may be the cause. */
  isDoubted: boolean;
}

export interface Refusal extends Refused {
  /** Number of refusals in a row. */
  failures: number;
  /** Unix ms. */
  retryAt: number;
}

export class Refusals {
  readonly #byChain = new Map<number, Refusal>();
  /** The chains that wait because of the same subject. */
  readonly #bySubject = new Map<string, Set<number>>();

  has(chain: number): boolean {
    return this.#byChain.has(chain);
  }

  /** `now`: Unix ms. `random`: in [0, 1). */
  note(chain: number, refused: Refused, now: number, random: number): Refusal {
    const known = this.#byChain.get(chain);
    const failures = (known?.failures ?? 0) + 1;
    const isDoubted = refused.isDoubted && (known?.isDoubted ?? true);
    const refusal = { ...refused, isDoubted, failures, retryAt: now + reconnectDelay(failures, random) };
    this.forget(chain);
    this.#byChain.set(chain, refusal);
    this.#bySubject.set(refused.subject, (this.#bySubject.get(refused.subject) ?? new Set()).add(chain));
    return refusal;
  }

  /** The chain's event was acknowledged. Returns the chains that were refused on the same subject. */
  settle(chain: number): number[] {
    const settled = this.#byChain.get(chain);
    if (settled === undefined) return [];
    this.forget(chain);
    const siblings = [...(this.#bySubject.get(settled.subject) ?? [])];
    this.#bySubject.delete(settled.subject); // they are tried now, so nobody has to name them again
    return siblings;
  }

  forget(chain: number): void {
    const { subject } = this.#byChain.get(chain) ?? {};
    if (subject === undefined) return;
    this.#byChain.delete(chain);
    const siblings = this.#bySubject.get(subject);
    siblings?.delete(chain);
    if (siblings?.size === 0) this.#bySubject.delete(subject);
  }

  /** The connection was not the cause. Returns the chains for which that was in doubt. */
  endDoubt(): number[] {
    const doubted = [...this.#byChain].filter(([, { isDoubted }]) => isDoubted);
    for (const [, refusal] of doubted) refusal.isDoubted = false;
    return doubted.map(([chain]) => chain);
  }

  /** Returns the chains whose time has come, those that have waited longest first. */
  due(now: number): number[] {
    const due = [...this.#byChain].filter(([, { retryAt }]) => retryAt <= now);
    return due.toSorted(([, a], [, b]) => a.retryAt - b.retryAt).map(([chain]) => chain);
  }

  /** Time of the next try, Unix ms; null: no chain is refused. */
  nextRetryAt(): number | null {
    let next: number | null = null;
    for (const { retryAt } of this.#byChain.values()) next = Math.min(next ?? retryAt, retryAt);
    return next;
  }

  /** Returns what is refused although the relay takes other events. */
  certain(): [chain: number, Refusal][] {
    return [...this.#byChain].filter(([, { isDoubted }]) => !isDoubted);
  }
}
