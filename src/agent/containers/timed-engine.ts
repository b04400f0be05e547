/** An engine of which every call has a time limit: one that hangs must hold up neither a check nor the agent. */
import {
  ENGINE_EVENTS_MS,
  ENGINE_INSPECT_MS,
  ENGINE_LIST_MS,
  ENGINE_RUN_MS,
  ENGINE_USAGE_MS,
} from "../../core/time/durations.ts";
import type { Container, UsageSample } from "./container.ts";
import type { Engine, EngineEvent, ExecResult } from "./engine.ts";

export interface EngineLimits {
  list: number;
  inspect: number;
  usage: number;
  /** Until a command has begun; how long it may then run its check says. */
  run: number;
  events: number;
}

/** Milliseconds. */
export const ENGINE_LIMITS: EngineLimits = {
  list: ENGINE_LIST_MS,
  inspect: ENGINE_INSPECT_MS,
  usage: ENGINE_USAGE_MS,
  run: ENGINE_RUN_MS,
  events: ENGINE_EVENTS_MS,
};

export class EngineSilent extends Error {
  override name = "EngineSilent";
}

export class TimedEngine {
  readonly #engine: Engine;
  readonly #limits: EngineLimits;
  readonly #closed = new AbortController();

  constructor(engine: Engine, limits: EngineLimits) {
    this.#engine = engine;
    this.#limits = limits;
  }

  async ids(): Promise<string[]> {
    return await this.#within("list of containers", this.#limits.list, (signal) => this.#engine.ids(signal));
  }

  async inspect(id: string): Promise<Container | null> {
    return await this.#within("inspect", this.#limits.inspect, (signal) => this.#engine.inspect(id, signal));
  }

  async usage(id: string): Promise<UsageSample> {
    return await this.#within("usage", this.#limits.usage, (signal) => this.#engine.usage(id, signal));
  }

  /** Null: the command had begun, and did not end within the time. */
  async exec(id: string, command: string, timeoutMs: number): Promise<ExecResult | null> {
    const begun = Promise.withResolvers<void>();
    const ended = new AbortController();
    const signal = AbortSignal.any([ended.signal, this.#closed.signal]);
    const result = this.#engine.exec(id, command, { signal, begun: () => begun.resolve() });
    result.catch(() => {}); // whoever waits for it hears of it
    let timer: NodeJS.Timeout | undefined;
    try {
      const limit = Math.min(this.#limits.run, timeoutMs);
      await this.#within("start of a command", limit, () => Promise.race([begun.promise, result]));
      timer = setTimeout(() => ended.abort(), timeoutMs);
      return await Promise.race([result, rejected(signal)]);
    } catch (error) {
      if (ended.signal.aborted) return null;
      throw error;
    } finally {
      clearTimeout(timer);
      ended.abort();
    }
  }

  /** Resolves when the engine listens. */
  async events(): Promise<AsyncGenerator<EngineEvent>> {
    return await this.#within("events", this.#limits.events, () => this.#engine.events());
  }

  /** Ends whatever is under way. */
  close(): void {
    this.#closed.abort(new Error("the connection to the engine was closed"));
    this.#engine.close();
  }

  async #within<T>(what: string, ms: number, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(new EngineSilent(`${what}: no answer within ${ms / 1_000} s`)), ms);
    const signal = AbortSignal.any([limit.signal, this.#closed.signal]);
    try {
      return await Promise.race([call(signal), rejected(signal)]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function rejected(signal: AbortSignal): Promise<never> {
  const promise = new Promise<never>((_, reject) => {
    const end = () => reject(signal.reason);
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
  promise.catch(() => {}); // the call was quicker
  return promise;
}
