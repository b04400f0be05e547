/** Keeps the checks of an agent as its hub has them, also while the hub is away or another process has the agent's name. */
import type { ReadChecks } from "../core/agent/agent-protocol.ts";
import { AGENT_MAX_RETRY_MS, LOCKED_OUT_MS, NAME_RETRY_MS } from "../core/time/durations.ts";
import { messageOf } from "../core/values/error-message.ts";
import { HubAnswerWrong, type HubApi, HubRefused } from "./hub-api.ts";
import type { KeptChecks } from "./kept-checks.ts";
import type { ProblemOf } from "./problems.ts";
import type { Rounds } from "./rounds.ts";

interface CheckFollowerDeps {
  hub: string;
  name: string;
  api: Pick<HubApi, "checks" | "checksNow" | "forgetChecks">;
  kept: KeptChecks;
  rounds: Rounds;
  signal: AbortSignal;
  /** Ends early when the agent is stopped. */
  wait(ms: number): Promise<void>;
  log(line: string): void;
  /** The hub hears of a problem; null: there is none any more. */
  report(about: ProblemOf, problem: string | null): void;
  /** Takes in the rest of an answer that has checks; null: the agent has to wait and checks nothing. */
  answered(answer: ReadChecks["answer"] | null): void;
}

export class CheckFollower {
  readonly #deps: CheckFollowerDeps;
  #failures = 0;

  constructor(deps: CheckFollowerDeps) {
    this.#deps = deps;
  }

  /** The first contact. Throws when the hub refuses the agent. */
  async begin(): Promise<void> {
    const { api, log, name, hub, kept, rounds } = this.#deps;
    try {
      const checks = await api.checks();
      if (checks !== null) this.#take(checks);
    } catch (error) {
      if (error instanceof HubRefused && error.isLockedOut) {
        throw new Error(`${hub} does not take the agent ${name}: ${error.message}`);
      }
      if (error instanceof HubRefused && error.isNameTaken) return this.#nameTaken(error);
      const known = kept.read();
      if (known !== null) rounds.replace(known.checks);
      if (error instanceof HubAnswerWrong) this.#notUnderstood(error);
      log(`${messageOf(error)}; going on with the ${rounds.size} checks of before`);
    }
  }

  /** Runs until the signal. */
  async run(): Promise<void> {
    const { api, signal, wait } = this.#deps;
    while (!signal.aborted) {
      try {
        const checks = await api.checks();
        if (checks !== null) this.#take(checks);
        this.#failures = 0;
      } catch (error) {
        if (!signal.aborted) await wait(this.#failed(error));
      }
    }
  }

  /** Checks at once the services that were registered just now. */
  async refresh(): Promise<void> {
    try {
      const checks = await this.#deps.api.checksNow();
      if (checks !== null) this.#take(checks);
    } catch {
      // the request that waits for changes goes on
    }
  }

  /** Two that check and report the same would undo each other's work, so this one waits. */
  #nameTaken(error: HubRefused): void {
    const { api, rounds, answered, report } = this.#deps;
    api.forgetChecks();
    rounds.replace([]);
    answered(null);
    report("name", `this agent waits and checks nothing: ${error.message}`);
  }

  /** Returns how long to wait, in milliseconds. */
  #failed(error: unknown): number {
    if (error instanceof HubRefused && error.isNameTaken) {
      this.#nameTaken(error);
      return Math.min(LOCKED_OUT_MS, Math.max(NAME_RETRY_MS, error.retryAfterMs ?? 0));
    }
    this.#failures += 1;
    if (error instanceof HubAnswerWrong) {
      this.#notUnderstood(error);
      return LOCKED_OUT_MS;
    }
    if (this.#failures === 1) this.#deps.log(`no checks from the hub: ${messageOf(error)}`);
    if (error instanceof HubRefused && error.isLockedOut) return LOCKED_OUT_MS;
    return Math.min(AGENT_MAX_RETRY_MS, 500 * 2 ** (this.#failures - 1)) * (0.8 + 0.4 * Math.random());
  }

  #notUnderstood(error: HubAnswerWrong): void {
    this.#deps.report("checks", `the hub's checks are not understood, so those of before go on: ${error.message}`);
  }

  #take({ answer, unread }: ReadChecks): void {
    const { log, report, rounds, kept, answered } = this.#deps;
    report("name", null);
    if (answer.checks.length !== rounds.size) log(`${answer.checks.length} checks from ${answer.hub_id}`);
    rounds.replace(answer.checks);
    answered(answer);
    kept.write(answer);
    const left = unread.map(({ place, error }) => `${place} (${error})`).join(", ");
    report("checks", left === "" ? null : `this agent can't read these checks, and leaves them out: ${left}`);
  }
}
