/** Operations that a script of chance does to containers, to their services, and to hub, agent and engine. */
import type Docker from "dockerode";
import type { AgentProcess } from "../processes/agent-process.ts";
import { call } from "../processes/hub-client.ts";
import type { HubProcess } from "../processes/hub-process.ts";
import { type DockerEngine, IMAGE } from "../servers/docker.ts";

export const INTERVAL_S = 5;
const SERVICES = ["a", "b", "c", "d", "e"];
const ENDS_WHEN_ASKED = ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.1; done"];
const IGNORES_REQUESTS = ["sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"];
const ONE_OFF = { "com.docker.compose.oneoff": "True" };

export interface Row {
  id: number;
  name: string;
  enabled: boolean;
  gone_since: string | null;
  container_id: string;
  health_status: string;
  metadata: { container: string };
}

/** A container that the script made. */
export interface Made {
  service: string;
  /** How it ended, if it does not run. `either`: the agent may not know whether somebody wanted that. */
  end: "asked" | "died" | "either";
}

export interface Stage {
  engine: DockerEngine;
  hub: HubProcess;
  agent: AgentProcess;
  /** By id, the oldest first. */
  made: Map<string, Made>;
  /** Of services that people deleted: the short id of the container; null: it can't be said which it was. */
  deleted: Map<string, string | null>;
  /** Services that people have disabled or paused. */
  disabled: Set<string>;
  /** Lines of the agent before it lost the engine last. */
  blindUntil: number;
  /** Two operations run at once, so that nobody knows which came first. */
  isPair: boolean;
}

/** What chance chose for an operation. */
interface Chosen {
  service: string;
  /** The newest container of the service. */
  id: string | undefined;
  variety: Docker.ContainerCreateOptions;
  /** A name that no container has. */
  spare: string;
  ms: number;
}

export interface Operation {
  name: string;
  run(): Promise<void>;
}

type Kind = [share: number, name: string, run: (stage: Stage, chosen: Chosen) => Promise<unknown>];

const OF_CONTAINERS: readonly Kind[] = [
  [4, "stop", stop],
  [5, "start", start],
  [4, "kill -9", kill],
  [1, "restart", restart],
  [2, "pause", (stage, { id }) => engineDoes(box(stage, id).pause())],
  [3, "unpause", (stage, { id }) => engineDoes(box(stage, id).unpause())],
  [1, "rename", (stage, { id, spare }) => engineDoes(box(stage, id).rename({ name: spare }))],
  [1, "rename and run", replicate],
  [4, "make anew", makeAnew],
  [1, "remove", remove],
  [1, "make one that can't start", broken],
  [
    1,
    "one-off",
    (stage, chosen) => make(stage, chosen.spare, chosen.service, { Labels: ONE_OFF, Cmd: ["sleep", "2"] }),
  ],
];
const OF_PEOPLE: readonly Kind[] = [
  [3, "delete", deleteService],
  [2, "disable", (stage, { service }) => setEnabled(stage, service, false)],
  [3, "enable", (stage, { service }) => setEnabled(stage, service, true)],
  [1, "pause for an hour", pauseService],
];
const OF_PROCESSES: readonly Kind[] = [
  [2, "SIGTERM to the agent", (stage, { ms }) => restartAgent(stage, "SIGTERM", ms)],
  [2, "SIGKILL to the agent", (stage, { ms }) => restartAgent(stage, "SIGKILL", ms)],
  [2, "restart of the engine", restartEngine],
  [2, "kill -9 of the hub", restartHub],
];

/** `ofContainers`: of these alone, which may happen beside anything. Takes as many numbers whatever it chooses. */
export function randomOperation(stage: Stage, random: () => number, ofContainers = false): Operation {
  const service = oneOf(SERVICES, random);
  const [id] = idsOf(stage, service);
  const chosen: Chosen = {
    service,
    id,
    spare: `spare-${Math.floor(random() * 1e9)}`,
    ms: Math.floor(random() * 3_000),
    variety: {
      Cmd: random() < 0.4 ? IGNORES_REQUESTS : ENDS_WHEN_ASKED,
      HostConfig: { RestartPolicy: { Name: random() < 0.4 ? "unless-stopped" : "no" } },
    },
  };
  const part = random();
  const kinds = ofContainers || part < 0.65 ? OF_CONTAINERS : part < 0.82 ? OF_PEOPLE : OF_PROCESSES;
  const [, name, does] = oneOf(
    kinds.flatMap((kind) => Array.from({ length: kind[0] }, () => kind)),
    random,
  );
  if (id === undefined && kinds === OF_CONTAINERS) return operation(stage, `run: ${service}`, chosen, run);
  return operation(stage, kinds === OF_PROCESSES ? name : `${name}: ${service}`, chosen, does);
}

function operation(stage: Stage, name: string, chosen: Chosen, does: Kind[2]): Operation {
  return { name, run: async () => void (await does(stage, chosen)) };
}

function oneOf<T>(all: readonly T[], random: () => number): T {
  const found = all[Math.floor(random() * all.length)];
  if (found === undefined) throw new Error("nothing to choose from");
  return found;
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const box = ({ engine }: Stage, id = "none") => engine.docker.getContainer(id);

/** False when the engine refuses it or is away, as it may. */
async function engineDoes(asked: Promise<unknown>): Promise<boolean> {
  return await asked.then(
    () => true,
    () => false,
  );
}

/** Containers of the service, the newest first. */
function idsOf({ made }: Stage, service: string): string[] {
  return [...made].flatMap(([id, each]) => (each.service === service ? [id] : [])).reverse();
}

function ended(stage: Stage, id: string | undefined, end: Made["end"]): void {
  const made = stage.made.get(id ?? "");
  if (made !== undefined) made.end = stage.isPair ? "either" : end;
}

/** Whether the agent follows the engine. */
function sees({ agent, blindUntil }: Stage): boolean {
  return agent.lines.slice(blindUntil).some((line) => /^containers: \d+ services$/.test(line));
}

async function stop(stage: Stage, { id }: Chosen): Promise<void> {
  const isSeen = sees(stage);
  if (await engineDoes(box(stage, id).stop({ t: 1 }))) ended(stage, id, isSeen ? "asked" : "either");
}

async function start(stage: Stage, { id }: Chosen): Promise<void> {
  if (await engineDoes(box(stage, id).start())) ended(stage, id, "died");
}

async function restart(stage: Stage, { id }: Chosen): Promise<void> {
  if (await engineDoes(box(stage, id).restart())) ended(stage, id, "died");
}

async function kill(stage: Stage, { id }: Chosen): Promise<void> {
  const { Running, Paused, Pid } = await box(stage, id)
    .inspect()
    .then(
      ({ State }) => State,
      () => ({ Running: false, Paused: false, Pid: 0 }),
    );
  if (!Running || Paused || Pid === 0) return;
  ended(stage, id, "died");
  try {
    process.kill(Pid, "SIGKILL");
  } catch {
    // it has just ended
  }
}

async function make(stage: Stage, name: string, service: string, over: Docker.ContainerCreateOptions) {
  const asked = stage.engine.docker.createContainer({
    name,
    Image: IMAGE,
    StopTimeout: 1,
    ...over,
    HostConfig: { NetworkMode: "host", ...over.HostConfig },
    Labels: {
      "com.docker.compose.service": service,
      "com.docker.compose.project": "shop",
      "hub.interval": `${INTERVAL_S}`,
      ...over.Labels,
    },
  });
  const container = await asked.catch(() => null);
  if (container !== null) await engineDoes(container.start());
  return container;
}

async function run(stage: Stage, { service, variety }: Chosen): Promise<void> {
  const container = await make(stage, `box-${service}`, service, variety);
  if (container !== null) stage.made.set(container.id, { service, end: stage.isPair ? "either" : "died" });
}

async function makeAnew(stage: Stage, chosen: Chosen): Promise<void> {
  await remove(stage, chosen);
  await run(stage, chosen);
}

async function broken(stage: Stage, chosen: Chosen): Promise<void> {
  await makeAnew(stage, { ...chosen, variety: { Cmd: ["/no/such/program"] } });
}

/** Another container of the same service takes its name. */
async function replicate(stage: Stage, chosen: Chosen): Promise<void> {
  const { service, id, spare } = chosen;
  await engineDoes(box(stage, id).rename({ name: spare }));
  if (stage.deleted.has(service)) stage.deleted.set(service, null);
  await run(stage, chosen);
}

async function remove(stage: Stage, { id }: Chosen): Promise<void> {
  if (id !== undefined && (await engineDoes(box(stage, id).remove({ force: true })))) stage.made.delete(id);
}

async function found({ hub }: Stage, service: string): Promise<Row | undefined> {
  return (await rowsOf(hub)).find(({ name }) => name === service);
}

export async function rowsOf(hub: HubProcess): Promise<Row[]> {
  return (await call<{ services: Row[] }>(hub, "GET", "/api/services?include_stopped=true&limit=1000")).services;
}

/** Only once the hub has heard of the container, so that it is clear what is deleted. */
async function deleteService(stage: Stage, { service, id }: Chosen): Promise<void> {
  const row = await found(stage, service);
  if (row === undefined || row.gone_since !== null) return;
  const isSure = !stage.isPair && idsOf(stage, service).length === 1 && id?.startsWith(row.container_id) === true;
  await call(stage.hub, "DELETE", `/api/services/${row.id}`);
  stage.deleted.set(service, isSure ? row.container_id : null);
  stage.disabled.delete(service);
}

async function setEnabled(stage: Stage, service: string, enabled: boolean): Promise<void> {
  const row = await found(stage, service);
  if (row === undefined) return;
  await call(stage.hub, "PATCH", `/api/services/${row.id}`, { enabled });
  if (enabled) stage.disabled.delete(service);
  else stage.disabled.add(service);
}

async function pauseService(stage: Stage, { service }: Chosen): Promise<void> {
  const row = await found(stage, service);
  if (row === undefined) return;
  await call(stage.hub, "POST", `/api/services/${row.id}/pause`, { minutes: 60 });
  stage.disabled.add(service);
}

/** Sometimes it is away while other operations happen: `awayMs` goes by before it starts again. */
async function restartAgent(stage: Stage, signal: NodeJS.Signals, awayMs: number): Promise<void> {
  await stage.agent.stop(signal);
  await sleep(awayMs);
  stage.agent.start();
  stage.blindUntil = 0;
}

async function restartEngine(stage: Stage): Promise<void> {
  stage.blindUntil = Number.POSITIVE_INFINITY;
  for (const made of stage.made.values()) if (made.end === "died") made.end = "either";
  const before = stage.agent.lines.length;
  await stage.engine.restart();
  stage.blindUntil = before;
}

async function restartHub({ hub }: Stage, { ms }: Chosen): Promise<void> {
  await hub.kill9();
  await sleep(ms);
  await hub.restart();
}
