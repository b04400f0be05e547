/**
 * Follows the containers of one engine: registers at the hub what runs, and says of a check what its container knows.
 */

import type { AgentChecks } from "../../core/agent/agent-protocol.ts";
import { type Discovery, type DiscoveryAnswer, MAX_DISCOVERED } from "../../core/agent/discovery.ts";
import type { Check } from "../../core/service/check.ts";
import type { Observation } from "../../core/service/records.ts";
import type { Clock } from "../../core/time/clock.ts";
import { CONTAINERS_RECONCILE_MS, ENGINE_MAX_RETRY_MS } from "../../core/time/durations.ts";
import { messageOf } from "../../core/values/error-message.ts";
import type { LabelRules } from "../reach.ts";
import { addressesIn, type Container, isService, standsBefore } from "./container.ts";
import { ContainerChecks } from "./container-checks.ts";
import type { Engine, EngineEvent } from "./engine.ts";
import { LabelledContainers } from "./labelled.ts";
import { type Found, Publisher } from "./publisher.ts";
import type { StoppedContainers } from "./stopped.ts";
import { type EngineLimits, EngineSilent, TimedEngine } from "./timed-engine.ts";

/** One change of a container makes several events. */
const SETTLE_MS = 100;
/** Containers that are read at the same time. */
const READ_AT_ONCE = 8;
/** A first failure to connect may be a restart of the engine, which nobody needs to look at. */
const FAILURES_TOLD = 2;
/** Containers of which the engine says nothing that are named. */
const MAX_NAMED = 3;

export interface ContainersDeps {
  /** The agent's name, and its vantage. */
  agent: string;
  vantage: string;
  /** The commands and targets that labels may name beside their own container; absent: none. */
  labels?: LabelRules;
  connect(): Promise<Engine>;
  limits: EngineLimits;
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

/** Of the hub's answer: the digest of this agent's containers there, whether it takes all of a service, and the checks. */
export type HubContainers = Pick<AgentChecks, "containers" | "takes_containers" | "checks">;

export class Containers {
  readonly #deps: ContainersDeps;
  readonly #containers: LabelledContainers;
  readonly #checks: ContainerChecks;
  readonly #publisher: Publisher;
  readonly #firstLook = Promise.withResolvers<void>();
  /** Once all containers were read. */
  #engine: TimedEngine | null = null;
  /** Why there is no engine. */
  #trouble = "not connected yet";
  #failures = 0;
  /** Containers of which the engine says nothing, with its words. */
  readonly #silent = new Map<string, string>();
  #refused: string[] = [];
  /** Services that are more than a hub takes. */
  #leftOut = 0;

  constructor(deps: ContainersDeps) {
    this.#deps = deps;
    const { now, wait, vantage, put, registered, log, signal } = deps;
    this.#containers = new LabelledContainers(deps.agent, deps.labels);
    this.#checks = new ContainerChecks({
      now,
      wait,
      vantage,
      firstLook: this.#firstLook.promise,
      engine: () => this.#engine ?? { trouble: this.#trouble },
      find: (check) => this.#services().get(keyOf(check))?.container,
      isTold: (check) => this.#publisher.hasTold(keyOf(check)),
      inspect: (engine, id) => this.#inspect(engine, id),
    });
    this.#publisher = new Publisher({
      put,
      registered,
      wait,
      log,
      signal,
      services: () => this.#services(),
      existing: () => this.#existing(),
      troubles: () => this.#containers.troubles(),
      get: (id) => this.#containers.get(id),
      leftOut: (count) => {
        if (count === this.#leftOut) return;
        this.#leftOut = count;
        this.#tellProblem();
      },
      refused: (texts) => {
        this.#refused = texts;
        this.#tellProblem();
      },
    });
  }

  /** Runs until the signal. Never rejects. */
  async run(): Promise<void> {
    const { signal, log, wait } = this.#deps;
    while (!signal.aborted) {
      try {
        await this.#follow();
      } catch (error) {
        if (signal.aborted) return;
        this.#trouble = messageOf(error);
        if (this.#failures === 0) log(`containers: the engine does not answer: ${this.#trouble}`);
        this.#failures += 1;
        this.#firstLook.resolve();
        this.#tellProblem();
      }
      await wait(Math.min(ENGINE_MAX_RETRY_MS, 250 * 2 ** this.#failures));
    }
  }

  /** Runs a check, and adds what its container tells. `probe`: the check as it is without a container. */
  async observe(check: Check, probe: () => Promise<Observation>): Promise<Observation> {
    return await this.#checks.observe(check, probe);
  }

  /** The addresses of the container whose labels say what the check asks; null: no labels do. */
  addressesOf(check: Check): string[] | null {
    const found = this.#services().get(keyOf(check));
    return found === undefined || found.service.health_url !== check.health_url ? null : addressesIn(found.container);
  }

  /** Takes in what the hub has and takes of this agent's containers, and all checks that it wants to have run. */
  hubHas({ containers, takes_containers = false, checks }: HubContainers): void {
    this.#checks.keep(new Set(checks.map(({ service_id }) => service_id)));
    this.#publisher.hubHas(containers, takes_containers);
  }

  async #follow(): Promise<void> {
    const { connect, limits, signal, log } = this.#deps;
    const engine = new TimedEngine(await connect(), limits);
    const close = () => engine.close();
    signal.addEventListener("abort", close);
    const stopReconciling = this.#deps.every(CONTAINERS_RECONCILE_MS, () => void this.#reconcile(engine).catch(close));
    try {
      const events = await engine.events();
      const first = events.next(); // what happens while everything is read must not be missed
      first.catch(() => {}); // the loop below throws it
      await this.#reconcile(engine);
      this.#connected(engine);
      log(`containers: ${this.#services().size} services`);
      for (let event = await first; event.done !== true; event = await events.next()) this.#happened(event.value);
      throw new Error("the engine closed the connection");
    } finally {
      this.#engine = null;
      this.#trouble = "the connection was lost";
      stopReconciling();
      signal.removeEventListener("abort", close);
      close();
    }
  }

  #connected(engine: TimedEngine): void {
    this.#engine = engine;
    this.#failures = 0;
    this.#firstLook.resolve();
    this.#tellProblem();
  }

  async #reconcile(engine: TimedEngine): Promise<void> {
    const ids = await engine.ids();
    for (const id of this.#containers.ids()) if (!ids.includes(id)) this.#forget(id);
    const { stopped } = this.#deps;
    stopped.keep(ids);
    const marked = ids.filter((id) => stopped.has(id));
    for (let from = 0; from < ids.length; from += READ_AT_ONCE) {
      await this.#readAll(engine, ids.slice(from, from + READ_AT_ONCE));
    }
    // It was started while nobody listened. What is stopped while it is read is not among them.
    for (const id of marked) if (this.#containers.get(id)?.container.state === "running") stopped.delete(id);
    this.#publisher.publishAgain();
  }

  /** A container of which the engine says nothing stays as it was. Throws when it says nothing of all of them. */
  async #readAll(engine: TimedEngine, ids: readonly string[]): Promise<void> {
    const read = await Promise.allSettled(ids.map((id) => this.#inspect(engine, id)));
    const [first, ...others] = read;
    if (first?.status === "rejected" && others.every(({ status }) => status === "rejected")) throw first.reason;
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
      await this.#inspect(engine, id);
    } catch (error) {
      this.#deps.log(`containers: ${messageOf(error)}`);
    }
    this.#publisher.publish();
    const service = this.#containers.get(id)?.service ?? null;
    if (service !== null) this.#deps.changed(service.project, service.name);
  }

  /** Takes in how the container is now; null: it is gone. Throws when the engine does not say it. */
  async #inspect(engine: TimedEngine, id: string): Promise<Container | null> {
    try {
      const container = await engine.inspect(id);
      if (container === null || !this.#containers.set(container)) this.#forget(id);
      this.#hear(id, null);
      return container;
    } catch (error) {
      if (error instanceof EngineSilent) this.#hear(id, error.message);
      throw error;
    }
  }

  #forget(id: string): void {
    this.#containers.delete(id);
    this.#deps.stopped.delete(id);
    this.#silent.delete(id);
    this.#checks.forget(id);
  }

  /** By `project/name`. Several containers of one service: see `standsBefore`. */
  #services(): Map<string, Found> {
    const services = new Map<string, Found>();
    for (const { container, service } of this.#containers.all()) {
      if (service === null || !isService(container, this.#deps.stopped.has(container.id))) continue;
      const key = keyOf(service);
      const other = services.get(key)?.container;
      if (other === undefined || standsBefore(container, other)) services.set(key, { container, service });
    }
    return services;
  }

  #existing(): Map<string, Container[]> {
    const existing = new Map<string, Container[]>();
    for (const { container, service } of this.#containers.all()) {
      if (service === null || container.state === "removing") continue;
      const others = existing.get(keyOf(service));
      if (others === undefined) existing.set(keyOf(service), [container]);
      else others.push(container);
    }
    return existing;
  }

  /** `trouble`: the engine's words when it says nothing of the container; null: it does. */
  #hear(id: string, trouble: string | null): void {
    if ((this.#silent.get(id) ?? null) === trouble) return;
    if (trouble === null) this.#silent.delete(id);
    else this.#silent.set(id, trouble);
    this.#tellProblem();
  }

  /** Tells of an engine that is silent, of services that are too many, of the hub's refusals, and of labels that can't be understood. */
  #tellProblem(): void {
    const away = this.#failures >= FAILURES_TOLD ? [`the engine does not answer: ${this.#trouble}`] : [];
    const silent = [...this.#silent].slice(0, MAX_NAMED).map(([id, words]) => {
      return `${this.#containers.get(id)?.container.name ?? id.slice(0, 12)}: the engine does not answer: ${words}`;
    });
    const left =
      this.#leftOut === 0
        ? []
        : [`${this.#leftOut} services are left out: a hub takes ${MAX_DISCOVERED} of an agent, the first by name`];
    const texts = [...away, ...left, ...silent, ...this.#containers.troubles(), ...this.#refused];
    this.#deps.problem(texts.length === 0 ? null : `containers: ${texts.join("; ")}`);
  }
}

function keyOf({ project, name }: { project: string; name: string }): string {
  return `${project}/${name}`;
}
