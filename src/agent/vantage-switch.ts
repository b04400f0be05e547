/** Makes an agent a vantage of its hub, and ends that. */
import type { Vantage, VantageDeps } from "./vantage.ts";

export class VantageSwitch {
  readonly #deps: VantageDeps;
  readonly #signal: AbortSignal;
  #vantage: Promise<Vantage> | null = null;

  /** `signal`: ends the agent. */
  constructor(deps: VantageDeps, signal: AbortSignal) {
    this.#deps = deps;
    this.#signal = signal;
  }

  /** An agent that is no vantage does not load the code of one. */
  async set(isVantage: boolean): Promise<void> {
    if (this.#vantage === null && !isVantage) return;
    this.#vantage ??= this.#load();
    (await this.#vantage).set(isVantage && !this.#signal.aborted);
  }

  async #load(): Promise<Vantage> {
    const { Vantage } = await import("./vantage.ts");
    return new Vantage(this.#deps);
  }
}
