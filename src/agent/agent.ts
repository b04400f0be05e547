/** The agent: gets its checks from the hub, runs them, and reports what it found. */

import { hostname } from "node:os";
import { join } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { instanceOf } from "../core/agent/agent-instance.ts";
import type { ReadChecks, ReportedObservation } from "../core/agent/agent-protocol.ts";
import { LOCAL_SLOTS } from "../core/lane/slots.ts";
import type { Check } from "../core/service/check.ts";
import type { HostPattern } from "../core/service/host-patterns.ts";
import { agentVantage, type Observation } from "../core/service/records.ts";
import type { Clock } from "../core/time/clock.ts";
import { AGENT_PLAN_MS, LAST_START_MS } from "../core/time/durations.ts";
import { Lateness } from "../probes/lateness.ts";
import { Lately } from "../probes/look-memory.ts";
import { probeInSlot } from "../probes/probe-in-slot.ts";
import { Slots } from "../probes/slots.ts";
import type { Commands } from "./agent-settings.ts";
import { CheckFollower } from "./check-follower.ts";
import { Containers } from "./containers/containers.ts";
import type { Engine } from "./containers/engine.ts";
import { withoutEngine } from "./containers/no-engine.ts";
import { StoppedContainers } from "./containers/stopped.ts";
import { ENGINE_LIMITS } from "./containers/timed-engine.ts";
import { runExec } from "./exec.ts";
import { HubApi } from "./hub-api.ts";
import { HubClock } from "./hub-clock.ts";
import { readInstance } from "./instance.ts";
import { KeptChecks } from "./kept-checks.ts";
import { nodeContext } from "./node-context.ts";
import { type ProblemOf, Problems } from "./problems.ts";
import { type LabelRules, reachOf } from "./reach.ts";
import { reported } from "./reported.ts";
import { Reporter } from "./reporter.ts";
import { Rounds } from "./rounds.ts";
import { Spool } from "./spool.ts";
import { VantageSwitch } from "./vantage-switch.ts";

const SPOOL_BYTES = 64_000_000;
const SPOOL_FILE_BYTES = 1_000_000;
/** The last report may take so long. */
const GOODBYE_MS = 2_000;
const NO_TASK = "the hub asked for something else than a check, and nothing was done";

export interface AgentOptions {
  /** Of this machine. The agent itself follows the hub's. */
  clock: Clock;
  hub: string;
  key: string;
  name: string;
  /** The folder for what must outlast the program. */
  state: string;
  /** Whether it takes its name from another process that has it. */
  takesOver: boolean;
  commands: Commands;
  /** Link-local addresses that may be asked. */
  targets: readonly HostPattern[];
  /** The commands and targets that labels of containers may name beside their own container. */
  labels: LabelRules;
  environment: Readonly<Record<string, string | undefined>>;
  log(line: string): void;
  /** Ends the agent. */
  signal: AbortSignal;
  /** Connects to the engine whose containers are followed; null: none are. */
  connectEngine: (() => Promise<Engine>) | null;
}

/** A smaller difference is the way of an answer. */
const JUMP_LOGGED_MS = 5_000;

export class Agent {
  readonly #options: AgentOptions;
  readonly #clock: HubClock;
  readonly #api: HubApi;
  readonly #reporter: Reporter;
  readonly #rounds: Rounds;
  readonly #slots = new Slots(LOCAL_SLOTS);
  readonly #lookedAt = new Lately();
  readonly #lateness: Lateness;
  readonly #containers: Containers | null;
  readonly #vantage: VantageSwitch;
  readonly #stopped = new AbortController();
  readonly #follower: CheckFollower;
  #hubId = "";
  readonly #problems: Problems;

  constructor(options: AgentOptions) {
    this.#options = options;
    const { hub: url, key, name: agent, signal, log, clock, takesOver } = options;
    this.#clock = new HubClock(clock.now);
    this.#lateness = new Lateness(clock);
    this.#problems = new Problems(log);
    const signals = { stopping: signal, stopped: this.#stopped.signal };
    const instance = instanceOf(readInstance(options.state, log), hostname());
    this.#api = new HubApi({
      url,
      key,
      agent,
      takesOver,
      instance,
      ...signals,
      clock: this.#clock,
      local: clock.now,
      jumped: (ms) => this.#jumped(ms),
    });
    this.#rounds = new Rounds({
      now: () => this.#clock.now(),
      wait: (ms) => this.#wait(ms),
      random: Math.random,
      probe: (check) => this.#probe(check),
      found: (check, round, observation) => this.#reporter.add(reported(check, round, observation)),
    });
    this.#reporter = new Reporter({
      spool: new Spool<ReportedObservation>({
        folder: join(options.state, "spool"),
        maxBytes: SPOOL_BYTES,
        fileBytes: SPOOL_FILE_BYTES,
      }),
      report: (report) => this.#api.report(report),
      about: () => ({ version: manifest.version, host: hostname().slice(0, 255), problem: this.#problems.text }),
      wait: (ms) => this.#wait(ms),
      now: clock.now,
      random: Math.random,
      log,
      cameTooLate: (ids) => this.#rounds.beginAnew(ids),
      judged: (states) => this.#rounds.learn(states),
    });
    this.#vantage = new VantageSwitch(
      {
        hub: url,
        key,
        agent,
        instance,
        log,
        probe: (check) => this.#probeOverNetwork(check),
        wait: (ms) => this.#wait(ms),
        heard: (isTask) => this.#report("task", isTask ? null : NO_TASK),
      },
      signal,
    );
    this.#containers = options.connectEngine === null ? null : this.#follow(options.connectEngine);
    this.#follower = new CheckFollower({
      hub: url,
      name: agent,
      api: this.#api,
      rounds: this.#rounds,
      signal,
      log,
      kept: new KeptChecks(join(options.state, "checks.json"), log),
      wait: (ms) => this.#wait(ms),
      report: (about, problem) => this.#report(about, problem),
      answered: (answer) => this.#answered(answer),
    });
  }

  #follow(connect: () => Promise<Engine>): Containers {
    const { name, log, signal, state, labels } = this.#options;
    return new Containers({
      agent: name,
      labels,
      vantage: agentVantage(name),
      connect,
      log,
      signal,
      every: this.#options.clock.every,
      limits: ENGINE_LIMITS,
      stopped: new StoppedContainers(join(state, "stopped.json"), log),
      put: (discovery) => this.#api.putServices(discovery),
      problem: (text) => this.#report("containers", text),
      registered: () => void this.#follower.refresh(),
      changed: (project, service) => this.#rounds.runNow(project, service),
      now: () => this.#clock.now(),
      wait: (ms) => this.#wait(ms),
    });
  }

  /** Runs until the signal. Throws when the hub refuses the agent at the first contact. */
  async run(): Promise<void> {
    const { signal } = this.#options;
    await this.#follower.begin();
    this.#reporter.announce();
    const stopPlanning = this.#options.clock.every(AGENT_PLAN_MS, () => this.#rounds.plan());
    signal.addEventListener("abort", this.#stop);
    if (signal.aborted) this.#stop();
    try {
      await Promise.all([this.#reporter.run(), this.#follower.run(), this.#containers?.run()]);
    } finally {
      stopPlanning();
    }
  }

  readonly #stop = (): void => {
    this.#rounds.stop();
    void this.#vantage.set(false);
    this.#reporter.stop();
    setTimeout(() => this.#stopped.abort(), GOODBYE_MS).unref();
  };

  #answered(answer: ReadChecks["answer"] | null): void {
    void this.#vantage.set(answer?.vantage === true);
    if (answer === null) return;
    this.#hubId = answer.hub_id;
    this.#containers?.hubHas(answer);
  }

  /** Streaks that seem to be of the future would make every later check look late. */
  #jumped(ms: number): void {
    if (Math.abs(ms) >= JUMP_LOGGED_MS)
      this.#options.log(`the hub's time is ${Math.round(ms / 1_000)} s from what it seemed`);
    if (ms < 0) this.#rounds.beginAnew();
  }

  /** The hub hears of what a person there should look at. */
  #report(about: ProblemOf, problem: string | null): void {
    if (this.#problems.report(about, problem)) this.#reporter.announce();
  }

  async #probe(check: Check): Promise<Observation> {
    if (this.#containers !== null) return await this.#containers.observe(check, () => this.#probeItself(check));
    if (check.health_method !== "container") return await this.#probeItself(check);
    return withoutEngine(this.#clock.now(), agentVantage(this.#options.name));
  }

  async #probeItself(check: Check): Promise<Observation> {
    const { name, commands } = this.#options;
    if (check.health_method === "exec") {
      const look = this.#clock.forOneLook(this.#lateness);
      return await runExec(check, { commands, vantage: agentVantage(name), ...look });
    }
    return await this.#probeOverNetwork(check);
  }

  async #probeOverNetwork(check: Check): Promise<Observation> {
    const { name, environment, targets, labels } = this.#options;
    const addresses = this.#containers?.addressesOf(check) ?? null;
    const reach = reachOf(targets, addresses === null ? null : { addresses, targets: labels.targets });
    const context = nodeContext({
      reach,
      agent: name,
      hubId: this.#hubId,
      environment,
      memory: this.#lookedAt,
      ...this.#clock.forOneLook(this.#lateness),
    });
    return await probeInSlot(check, context, { slots: this.#slots }, LAST_START_MS);
  }

  /** Ends early when the agent is stopped. */
  async #wait(ms: number): Promise<void> {
    const { clock, signal } = this.#options;
    await clock.wait(ms, signal).catch(() => {});
  }
}
