/** Whether a failed probe says something about its target, or about the place that looked. */
import type { Observation } from "../core/service/records.ts";

/** `canSee` asks the control target whether this place has a connection at all. It is asked once for all observations. */
export class ControlCheck {
  readonly #canSee: () => Promise<boolean>;
  #answer: Promise<boolean> | undefined;

  constructor(canSee: () => Promise<boolean>) {
    this.#canSee = canSee;
  }

  /** A target that did not answer is inconclusive when the control target does not answer either. */
  async conclusive(observation: Observation): Promise<Observation> {
    if (observation.verdict !== "fail" || observation.latency_ms !== null) return observation;
    this.#answer ??= this.#canSee();
    if (await this.#answer) return observation;
    return {
      ...observation,
      verdict: "inconclusive",
      error: `the hub can't see its control target (${observation.error})`,
    };
  }
}
