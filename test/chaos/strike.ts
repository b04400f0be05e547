/** Does to the hub, to its agent and to the network what the schedule of a run of chaos says. */
import type { AgentProcess } from "../processes/agent-process.ts";
import { holdDatabase } from "../processes/database-file.ts";
import type { HubProcess } from "../processes/hub-process.ts";
import type { Links } from "../processes/links.ts";
import { sleep, until } from "../processes/patience.ts";
import type { NatsPair } from "../servers/nats.ts";
import type { Disturbance } from "./chaos-disturbances.ts";
import type { WrongClock } from "./wrong-clock.ts";

const MINUTE_MS = 60_000;
/** A hub that stalls stands still and runs so long, in turn. */
const STALL_MS = { still: 2_500, runs: 500 };
/** Requests of a rush at a time, each for everything that the hub has. */
const RUSH = Array.from({ length: 6 }, (_, index) => ["/api/services?limit=1000", "/api/flips?limit=1000"][index % 2]);
/** What the clock of the agent's machine is wrong by. */
const WRONG_BY_MS = [-2 * 3_600_000, 3_600_000];
const AGENT_PATIENCE_MS = 60_000;

/** Of the run: its time in ms, and a wait for a time. */
export interface Clock {
  now(): number;
  reach(at: number): Promise<void>;
}

/** What can be disturbed. `agent` and its clock: null when it has no services. */
export interface Struck {
  hub: HubProcess;
  nats: NatsPair;
  links: Links;
  /** Of the hub that has copies. */
  peerId: string;
  agent: AgentProcess | null;
  agentClock: WrongClock | null;
}

/** Of the process that is killed or stopped, only one at a time can be; null: it hits no process. */
export function victimOf(kind: Disturbance["kind"]): "hub" | "agent" | null {
  if (kind === "kill" || kind === "pause" || kind === "stall") return "hub";
  return kind === "agent kill" || kind === "agent pause" ? "agent" : null;
}

/** Lets whoever wants the same thing have it one after the other: a restart may take longer than planned. */
export class Turns {
  readonly #last = new Map<string, Promise<void>>();

  /** Resolves when it is the caller's turn, with what ends it. */
  async take(what: string | null): Promise<() => void> {
    if (what === null) return () => {};
    const before = this.#last.get(what);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last.set(what, promise);
    await before;
    return resolve;
  }
}

/** Resolves when the disturbance is over. */
export async function strike(struck: Struck, { kind, from, until: end }: Disturbance, clock: Clock): Promise<void> {
  const { hub, nats, links, peerId, agent, agentClock } = struck;
  switch (kind) {
    case "kill":
      await hub.kill9();
      return hub.restart();
    case "pause":
      return stopped([hub.pid, await hub.runtimePid()], () => clock.reach(end));
    case "tick late":
      await hub.loseTicks(Date.now() + end - clock.now());
      await clock.reach(end + 1);
      return hub.tick(Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS);
    case "tick lost":
      await hub.loseTicks(Date.now() + end - clock.now());
      return clock.reach(end);
    case "tick twice":
      return hub.tick(Date.now());
    case "lock": {
      const release = holdDatabase(hub.state);
      await clock.reach(end);
      return release();
    }
    case "relay":
      await nats.relay.kill();
      await clock.reach(end);
      return nats.relay.start();
    case "link":
      links.cut(peerId);
      await clock.reach(end);
      return links.heal();
    case "stall":
      return stall(hub, end, clock);
    case "rush":
      return rush(hub, end, clock);
    case "agent pause":
      return agent === null ? undefined : stopped([agent.pid], () => clock.reach(end));
    case "agent kill":
      return agent === null ? undefined : killAgent(agent, () => clock.reach(end));
    case "agent clock":
      await agentClock?.set(WRONG_BY_MS[Math.round(from) % WRONG_BY_MS.length] ?? 0);
      await clock.reach(end);
      return agentClock?.set(0);
    case "hub clock":
    case "lane":
      throw new Error(`${kind} is for a simulated hub`);
  }
}

async function stall(hub: HubProcess, end: number, clock: Clock): Promise<void> {
  const pids = [hub.pid, await hub.runtimePid()];
  while (clock.now() < end) {
    await stopped(pids, () => sleep(STALL_MS.still));
    await sleep(STALL_MS.runs);
  }
}

async function rush(hub: HubProcess, end: number, clock: Clock): Promise<void> {
  while (clock.now() < end) {
    await Promise.all(RUSH.map((path) => hub.fetch(path ?? "").then((response) => response.arrayBuffer())));
  }
}

async function killAgent(agent: AgentProcess, during: () => Promise<void>): Promise<void> {
  await agent.stop("SIGKILL");
  await during();
  agent.start();
  await until("the agent has its checks", AGENT_PATIENCE_MS, async () =>
    agent.lines.some((line) => / checks /.test(line)),
  );
}

async function stopped(pids: readonly number[], during: () => Promise<void>): Promise<void> {
  try {
    for (const pid of pids) process.kill(pid, "SIGSTOP");
    await during();
  } finally {
    for (const pid of pids) process.kill(pid, "SIGCONT");
  }
}
