/** When a service that can't be judged for the moment becomes one that can't be judged. */
import type { Check } from "../../core/service/check.ts";
import type { Observation } from "../../core/service/records.ts";

/** The hub takes a service for silent after three intervals, so the third look in vain has to tell it why. */
const LOOKS = 3;
const INTERVALS = 2;
/** No look begins exactly when it is due. */
const SLACK_MS = 1_000;

interface Unsure {
  /** When the service could be judged last, Unix ms. */
  since: number;
  looks: number;
}

export class Patience {
  readonly #unsure = new Map<number, Unsure>();
  #startedAt: number | null = null;

  /**
   * Makes an inconclusive look `unprobeable` when the service could not be judged for long, so that the hub shows its
   * reason and not a silence. A short loss changes nothing. `now`: Unix ms.
   */
  judge({ service_id, health_interval }: Check, observation: Observation, now: number): Observation {
    this.#startedAt ??= now;
    if (observation.verdict !== "inconclusive") {
      this.#unsure.delete(service_id);
      return observation;
    }
    const intervalMs = health_interval * 1_000;
    const known = this.#unsure.get(service_id) ?? { since: Math.max(now - intervalMs, this.#startedAt), looks: 0 };
    const looks = known.looks + 1;
    this.#unsure.set(service_id, { since: known.since, looks });
    const isOver = looks >= LOOKS && now - known.since >= INTERVALS * intervalMs - SLACK_MS;
    return isOver ? { ...observation, verdict: "unprobeable" } : observation;
  }

  /** Forgets all services but these. */
  keep(ids: ReadonlySet<number>): void {
    for (const id of this.#unsure.keys()) if (!ids.has(id)) this.#unsure.delete(id);
  }
}
