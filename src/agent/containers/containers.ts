/**
 * Follows the containers of one engine: registers at the hub what runs, and says of a check what its container knows.
 */

import type { Check } from "../../core/check.ts";
import type { Clock } from "../../core/clock.ts";
import { type Discovery, type DiscoveryAnswer, MAX_REASON_CHARS } from "../../core/discovery.ts";
import { CONTAINERS_RECONCILE_MS, ENGINE_MAX_RETRY_MS } from "../../core/durations.ts";
import { boundedErrorText } from "../../core/error-text.ts";
import type { Observation, Verdict } from "../../core/records.ts";
import { messageOf } from "../../node/error-message.ts";
import { type Container, endingOf, isService, troubleOf, type UsageSample } from "./container.ts";
import type { Engine, EngineEvent } from "./engine.ts";
import { LabelledContainers, troubleText } from "./labelled.ts";
import { commandIn, type DiscoveredService } from "./labels.ts";
import type { StoppedContainers } from "./stopped.ts";
import { usageDetails, withUsage } from "./usage.ts";

/** One change of a container makes several events. */
const SETTLE_MS = 100;

export interface ContainersDeps {
  /** The agent's name, and its vantage. */
  agent: string;
  vantage: string;
  connect(): Promise<Engine>;
  stopped: StoppedContainers;
  /** Tells the hub all services that there are. */
  put(discovery: Discovery): Promise<DiscoveryAnswer>;
  /** Called when the hub has taken them in. */
  registered(): void;
  /** Told what a person should look at, when it changes; null: nothing. */
  problem(text: string | null): void;
  /** Called when something happened to the container of a service. */
  changed(project: string, name: string): void;
  now(): number;
  wait(ms: number): Promise<void>;
  every: Clock["every"];
  log(line: string): void;
  signal: AbortSignal;
}

interface Found {
  container: Container;
  service: DiscoveredService;
}

export class Containers {
  readonly #deps: ContainersDeps;
  readonly #containers: LabelledContainers;
  readonly #samples = new Map<string, UsageSample>();
  #engine: Engine | null = null;
  /** Why there is no engine; null: there is one. */
  #trouble: string | null = "not connected yet";
  #sent = new Map<string, Found>();
  #sentText = "";
  #isPublishing = false;

  constructor(deps: ContainersDeps) {
    this.#deps = deps;
    this.#containers = new LabelledContainers(deps.agent);
  }

  /** Runs until the signal. Never rejects. */
  async run(): Promise<void> {
    const { signal, log, wait } = this.#deps;
    for (let failures = 0; !signal.aborted; ) {
      try {
        await this.#follow(() => {
          failures = 0;
        });
      } catch (error) {
        if (signal.aborted) return;
        if (failures === 0) log(`containers: the engine does not answer: ${messageOf(error)}`);
        failures += 1;
        this.#trouble = messageOf(error);
      }
      await wait(Math.min(ENGINE_MAX_RETRY_MS, 250 * 2 ** failures));
    }
  }

  /** What a check finds, with what its container tells. `probe`: the check as it is without a container. */
  async observe(check: Check, probe: () => Promise<Observation>): Promise<Observation> {
    const isOwn = check.health_method === "container";
    const known = this.#find(check);
    if (isOwn && this.#trouble !== null) {
      return this.#observation("unprobeable", `container: the engine does not answer: ${this.#trouble}`);
    }
    if (known === undefined && !isOwn) return await probe();
    if (known === undefined) {
      // The hub is about to hear that it has ended, and why.
      return this.#sent.has(`${check.project}/${check.name}`)
        ? this.#observation("inconclusive", "container: it has just ended")
        : this.#observation("unprobeable", "container: there is no such container here");
    }
    const container = (await this.#inspect(known.id)) ?? known;
    const trouble = troubleOf(container);
    if (trouble !== null) return this.#observation("fail", trouble);
    const found = isOwn ? await this.#ownHealth(check, container) : await probe();
    return withUsage(found, await this.#usage(container), check.health_options);
  }

  async #follow(connected: () => void): Promise<void> {
    const { connect, signal, log } = this.#deps;
    const engine = await connect();
    const close = () => engine.close();
    signal.addEventListener("abort", close);
    const stopReconciling = this.#deps.every(CONTAINERS_RECONCILE_MS, () => void this.#reconcile(engine).catch(close));
    try {
      const events = engine.events();
      const first = events.next(); // what happens while everything is read must not be missed
      first.catch(() => {}); // the loop below throws it
      await this.#reconcile(engine);
      this.#engine = engine;
      this.#trouble = null;
      connected();
      log(`containers: ${this.#services().size} services`);
      for (let event = await first; event.done !== true; event = await events.next()) this.#happened(event.value);
      throw new Error("the engine closed the connection");
    } finally {
      this.#engine = null;
      stopReconciling();
      signal.removeEventListener("abort", close);
      close();
    }
  }

  async #reconcile(engine: Engine): Promise<void> {
    const ids = await engine.ids();
    for (const id of this.#containers.ids()) if (!ids.includes(id)) this.#forget(id);
    this.#deps.stopped.keep(ids);
    for (const id of ids) await this.#refresh(engine, id);
    this.#publish();
  }

  #happened({ action, id }: EngineEvent): void {
    if (action === "stop") this.#deps.stopped.add(id);
    if (action === "start" || action === "restart") this.#deps.stopped.delete(id);
    void this.#settled(id);
  }

  async #settled(id: string): Promise<void> {
    await this.#deps.wait(SETTLE_MS);
    const engine = this.#engine;
    if (engine === null) return; // when it is back, everything is read anew
    try {
      await this.#refresh(engine, id);
    } catch (error) {
      this.#deps.log(`containers: ${messageOf(error)}`);
    }
    this.#publish();
    const service = this.#containers.get(id)?.service ?? null;
    if (service !== null) this.#deps.changed(service.project, service.name);
  }

  async #refresh(engine: Engine, id: string): Promise<void> {
    const container = await engine.inspect(id);
    if (container === null || !this.#containers.set(container)) this.#forget(id);
  }

  #forget(id: string): void {
    this.#containers.delete(id);
    this.#deps.stopped.delete(id);
    this.#samples.delete(id);
  }

  /** By `project/name`. Of two containers of one service, the one that runs. */
  #services(): Map<string, Found> {
    const services = new Map<string, Found>();
    for (const { container, service } of this.#containers.all()) {
      if (service === null || !isService(container, this.#deps.stopped.has(container.id))) continue;
      const key = `${service.project}/${service.name}`;
      if (services.get(key)?.container.state !== "running") services.set(key, { container, service });
    }
    return services;
  }

  /** Tells the hub when something changed; one request at a time, again until it is told. */
  #publish(): void {
    if (this.#isPublishing) return; // it looks for changes before it ends
    this.#isPublishing = true;
    void this.#publishAll();
  }

  async #publishAll(): Promise<void> {
    const { put, wait, log, signal, registered } = this.#deps;
    for (let failures = 0; !signal.aborted; ) {
      const services = this.#services();
      const list = [...services.values()].map(({ service }) => service);
      const text = JSON.stringify([list, this.#containers.troubles()]);
      if (text === this.#sentText) {
        this.#isPublishing = false;
        return;
      }
      try {
        const answer = await put({ services: list as Discovery["services"], gone: this.#gone(services) });
        this.#tellTroubles(answer.refused);
        [this.#sent, this.#sentText, failures] = [services, text, 0];
        registered();
      } catch (error) {
        if (failures === 0) log(`containers: not told to the hub yet: ${messageOf(error)}`);
        failures += 1;
        await wait(Math.min(ENGINE_MAX_RETRY_MS, 500 * 2 ** (failures - 1)));
      }
    }
  }

  #gone(services: ReadonlyMap<string, Found>): Discovery["gone"] {
    return [...this.#sent].flatMap(
      ([
        key,
        {
          container,
          service: { project, name },
        },
      ]) => {
        if (services.has(key)) return [];
        return { project, name, reason: this.#endOf(container.id) };
      },
    );
  }

  #endOf(id: string): string {
    const known = this.#containers.get(id);
    const [trouble] = known?.troubles ?? [];
    if (known === undefined || known.service !== null || trouble === undefined)
      return endingOf(known?.container ?? null);
    return `container ${troubleText(known.container, trouble)}`.slice(0, MAX_REASON_CHARS);
  }

  /** The hub's refusals, and the labels that can't be understood. */
  #tellTroubles(refused: DiscoveryAnswer["refused"]): void {
    const texts = [
      ...this.#containers.troubles(),
      ...refused.map(({ project, name, reason }) => `${project}/${name}: ${reason}`),
    ];
    this.#deps.problem(texts.length === 0 ? null : `containers: ${texts.join("; ")}`);
  }

  #find({ project, name }: Check): Container | undefined {
    return this.#services().get(`${project}/${name}`)?.container;
  }

  async #inspect(id: string): Promise<Container | null> {
    const container = await this.#engine?.inspect(id).catch(() => null);
    if (container != null) this.#containers.set(container);
    return container ?? null;
  }

  async #ownHealth(check: Check, container: Container): Promise<Observation> {
    if (container.health === "unhealthy") {
      const [line = ""] = container.healthOutput.split("\n");
      return this.#observation("fail", `container: unhealthy${line === "" ? "" : `: ${line}`}`);
    }
    if (container.health === "starting") {
      return this.#observation("inconclusive", "container: its health check has not passed yet");
    }
    const command = commandIn(container);
    return command === undefined ? this.#observation("ok", null) : await this.#run(check, container, command);
  }

  async #run(check: Check, container: Container, command: string): Promise<Observation> {
    const began = this.#deps.now();
    const timeout = this.#deps.wait(check.health_timeout * 1_000).then(() => null);
    try {
      const result = await Promise.race([this.#engine?.exec(container.id, command), timeout]);
      if (result == null) return this.#observation("fail", `exec: timeout after ${check.health_timeout} s`);
      const [line = ""] = result.output.split("\n");
      const latency_ms = this.#deps.now() - began;
      if (result.code === 0) return { ...this.#observation("ok", null), at: began, latency_ms };
      const error = line.trim() === "" ? `exec: exit code ${result.code}` : `exec: ${line.trim()}`;
      return { ...this.#observation("fail", error), at: began, latency_ms };
    } catch (error) {
      return this.#observation("fail", `exec: ${messageOf(error)}`);
    }
  }

  /** Nothing, when the engine can't tell. */
  async #usage(container: Container): Promise<Observation["details"]> {
    try {
      const sample = await this.#engine?.usage(container.id);
      if (sample === undefined) return {};
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
