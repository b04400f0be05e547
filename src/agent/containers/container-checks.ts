/** Says of a check what its container knows. */
import type { Check } from "../../core/service/check.ts";
import type { Observation, Verdict } from "../../core/service/records.ts";
import { ENGINE_FIRST_LOOK_MS } from "../../core/time/durations.ts";
import { messageOf } from "../../core/values/error-message.ts";
import { boundedErrorText } from "../../core/values/error-text.ts";
import { type Container, troubleOf, type UsageSample } from "./container.ts";
import { commandIn } from "./labels.ts";
import { Patience } from "./patience.ts";
import { EngineSilent, type TimedEngine } from "./timed-engine.ts";
import { usageDetails, withUsage } from "./usage.ts";

export interface ContainerChecksDeps {
  vantage: string;
  /** The engine once all its containers were read, or why there is none. */
  engine(): TimedEngine | { trouble: string };
  /** Resolves when the engine was read, or could not be, for the first time. */
  firstLook: Promise<void>;
  /** The container of a service, as it was seen last. */
  find(check: Check): Container | undefined;
  /** Whether the hub believes that there is such a container. */
  isTold(check: Check): boolean;
  /** Looks at the container; null: it is gone. Throws when the engine does not answer. */
  inspect(engine: TimedEngine, id: string): Promise<Container | null>;
  now(): number;
  wait(ms: number): Promise<void>;
}

export class ContainerChecks {
  readonly #deps: ContainerChecksDeps;
  readonly #samples = new Map<string, UsageSample>();
  readonly #patience = new Patience();

  constructor(deps: ContainerChecksDeps) {
    this.#deps = deps;
  }

  /** Runs a check, and adds what its container tells. `probe`: the check as it is without a container. Never rejects. */
  async observe(check: Check, probe: () => Promise<Observation>): Promise<Observation> {
    await Promise.race([this.#deps.firstLook, this.#deps.wait(ENGINE_FIRST_LOOK_MS)]);
    const observation = await this.#look(check, probe);
    return check.health_method === "container"
      ? this.#patience.judge(check, observation, this.#deps.now())
      : observation;
  }

  /** Forgets the use of a container that is gone. */
  forget(id: string): void {
    this.#samples.delete(id);
  }

  /** Forgets all services but these. */
  keep(ids: ReadonlySet<number>): void {
    this.#patience.keep(ids);
  }

  async #look(check: Check, probe: () => Promise<Observation>): Promise<Observation> {
    const isOwn = check.health_method === "container";
    const engine = this.#deps.engine();
    if ("trouble" in engine) return isOwn ? this.#unseen(engine.trouble) : await probe();
    const known = this.#deps.find(check);
    if (known === undefined && !isOwn) return await probe();
    if (known === undefined) {
      // The hub is about to hear that it has ended, and why.
      return this.#deps.isTold(check)
        ? this.#observation("inconclusive", "container: it has just ended")
        : this.#observation("unprobeable", "container: there is no such container here");
    }
    try {
      const container = await this.#deps.inspect(engine, known.id);
      if (container === null) return this.#observation("inconclusive", "container: it has just ended");
      return await this.#lookAt(container, engine, check, probe);
    } catch (error) {
      return isOwn ? this.#unseen(messageOf(error)) : await probe();
    }
  }

  async #lookAt(container: Container, engine: TimedEngine, check: Check, probe: () => Promise<Observation>) {
    const trouble = troubleOf(container);
    if (trouble !== null) return this.#observation("fail", trouble);
    const isOwn = check.health_method === "container";
    const [found, usage] = await Promise.all([
      isOwn ? this.#ownHealth(check, container, engine) : probe(),
      this.#usage(container, engine),
    ]);
    return withUsage(found, usage, check.health_options);
  }

  /** The engine does not tell, which says nothing of the service. */
  #unseen(trouble: string): Observation {
    return this.#observation("inconclusive", `container: the engine does not answer: ${trouble}`);
  }

  async #ownHealth(check: Check, container: Container, engine: TimedEngine): Promise<Observation> {
    if (container.health === "unhealthy") {
      const [line = ""] = container.healthOutput.split("\n");
      return this.#observation("fail", `container: unhealthy${line === "" ? "" : `: ${line}`}`);
    }
    if (container.health === "starting") {
      return this.#observation("inconclusive", "container: its health check has not passed yet");
    }
    const command = commandIn(container);
    return command === undefined
      ? this.#observation("ok", null)
      : await this.#run(check, engine, container.id, command);
  }

  async #run(check: Check, engine: TimedEngine, id: string, command: string): Promise<Observation> {
    const began = this.#deps.now();
    try {
      const result = await engine.exec(id, command, check.health_timeout * 1_000);
      if (result === null) return this.#observation("fail", `exec: timeout after ${check.health_timeout} s`);
      const [line = ""] = result.output.split("\n");
      const latency_ms = this.#deps.now() - began;
      if (result.code === 0) return { ...this.#observation("ok", null), at: began, latency_ms };
      const error = line.trim() === "" ? `exec: exit code ${result.code}` : `exec: ${line.trim()}`;
      return { ...this.#observation("fail", error), at: began, latency_ms };
    } catch (error) {
      return error instanceof EngineSilent
        ? this.#unseen(error.message)
        : this.#observation("fail", `exec: ${messageOf(error)}`);
    }
  }

  /** Nothing, when the engine can't tell. */
  async #usage(container: Container, engine: TimedEngine): Promise<Observation["details"]> {
    try {
      const sample = await engine.usage(container.id);
      const before = this.#samples.get(container.id) ?? null;
      this.#samples.set(container.id, sample);
      return usageDetails(sample, before, container.restarts);
    } catch {
      return {};
    }
  }

  #observation(verdict: Verdict, error: string | null): Observation {
    const { now, vantage } = this.#deps;
    const words = error === null ? null : boundedErrorText(error);
    return { at: now(), vantage, verdict, latency_ms: null, error: words, details: {} };
  }
}
