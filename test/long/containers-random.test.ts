/**
 * A real engine, a real hub and a real agent play a script of chance: containers come, die, are paused, renamed and made
 * anew, people change their services, and hub, agent and engine are killed in between. In the end the hub shows exactly
 * what the engine has. `CONTAINERS_SEED=3,4` plays other scripts.
 */
import { expect, test } from "vitest";
import { mulberry32 } from "../core/mulberry32.ts";
import { setUpAgent, startAgent } from "../processes/agent-process.ts";
import { call, type FlipSeen } from "../processes/hub-client.ts";
import { startHub } from "../processes/hub-process.ts";
import { startDocker } from "../servers/docker.ts";
import { until } from "../until.ts";
import { INTERVAL_S, type Made, type Row, randomOperation, rowsOf, type Stage } from "./containers-script.ts";

/** With an even seed the containers outlive the engine. */
const SEEDS = (process.env.CONTAINERS_SEED ?? "1,2").split(",").map(Number);
const OPERATIONS = 45;
const MOST_BETWEEN_MS = 1_500;
/** Two looks at every service. */
const CALM_MS = 2 * INTERVAL_S * 1_000 + 1_000;
/** Exit codes of what ended because it was asked to. */
const ASKED_TO_END = [0, 130, 143];
/** Reasons to be unknown. A restart of the agent is none. */
const UNKNOWN_BECAUSE = /^container (stopped|removed)|^the container has ended$|^disabled|^paused until/;

test.each(SEEDS)("whatever happens, the hub shows what the engine has (seed %i)", async (seed) => {
  const stage = await setUp(seed);
  const { hub, agent, engine } = stage;
  const played: string[] = [];
  try {
    await play(stage, mulberry32(seed), played);
    const settled = await until(async () => {
      const rows = await rowsOf(hub);
      expect(await faultsOf(stage, rows)).toEqual([]);
      return rows;
    });
    await new Promise((resolve) => setTimeout(resolve, CALM_MS));
    const rows = await rowsOf(hub);
    expect(await faultsOf(stage, rows)).toEqual([]);
    expect(rows.map(placeOf)).toEqual(settled.map(placeOf));
    const { agents } = await call<{ agents: object[] }>(hub, "GET", "/api/agents");
    expect(agents).toMatchObject([{ status: "online", problem: null }]);
    const { flips } = await call<{ flips: Flip[] }>(hub, "GET", "/api/flips?limit=1000");
    expect(flipFaults(flips.toReversed())).toEqual([]);
  } catch (error) {
    console.log([`seed ${seed}`, ...played, "agent:", ...agent.lines.slice(-20)].join("\n"));
    throw error;
  } finally {
    await agent.remove();
    await hub.remove();
    await engine.stop();
  }
});

async function setUp(seed: number): Promise<Stage> {
  const [engine, hub] = await Promise.all([
    startDocker(seed % 2 === 0 ? ["--live-restore"] : []),
    startHub({ args: ["--quiet"] }),
  ]);
  const key = await setUpAgent(hub, "dc-1");
  const agent = await startAgent({ hub: hub.url, key, name: "dc-1", environment: { DOCKER_HOST: engine.host } });
  const state = { made: new Map(), deleted: new Map(), disabled: new Set<string>(), blindUntil: 0, isPair: false };
  return { engine, hub, agent, ...state };
}

/** `played`: gets what is done, so that a failure tells it. */
async function play(stage: Stage, random: () => number, played: string[]): Promise<void> {
  const began = Date.now();
  for (let n = 0; n < OPERATIONS; n++) {
    const operations = [randomOperation(stage, random)];
    if (random() < 0.3) operations.push(randomOperation(stage, random, true));
    stage.isPair = operations.length > 1;
    played.push(`${Date.now() - began} ms: ${operations.map(({ name }) => name).join(" and ")}`);
    await Promise.all(operations.map(({ run }) => run()));
    await new Promise((resolve) => setTimeout(resolve, random() ** 2 * MOST_BETWEEN_MS));
  }
}

const placeOf = ({ id, name, container_id, gone_since, health_status }: Row) =>
  JSON.stringify([id, name, container_id, gone_since, health_status]);

/** A container as it may stand for its service. */
interface Candidate {
  container_id: string;
  name: string;
  status: "up" | "down";
  /** Whether the agent may also take it for one that was stopped. */
  isDoubtful: boolean;
}

/** Everything that the hub shows and the engine does not have, or the other way round. */
async function faultsOf(stage: Stage, rows: readonly Row[]): Promise<string[]> {
  const candidates = new Map<string, Candidate[]>();
  for (const [id, made] of stage.made) {
    const candidate = await candidateOf(stage, id, made);
    if (candidate !== null) candidates.set(made.service, [...(candidates.get(made.service) ?? []), candidate]);
  }
  const names = new Set([...rows.map(({ name }) => name), ...candidates.keys()]);
  return [...names].flatMap((name) => {
    const own = rows.filter((row) => row.name === name);
    if (own.length > 1) return [`${name}: ${own.length} services`];
    const fault = faultOf(stage, name, own[0], candidates.get(name) ?? []);
    return fault === null ? [] : [`${name}: ${fault}, and not ${JSON.stringify(own[0] ?? null)}`];
  });
}

/** Null: the container is no service. */
async function candidateOf({ engine }: Stage, id: string, { end }: Made): Promise<Candidate | null> {
  const { State, Name } = await engine.docker.getContainer(id).inspect();
  const found = { container_id: id.slice(0, 12), name: Name.slice(1), isDoubtful: false };
  if (State.Status === "running") return { ...found, status: "up" };
  if (State.Status === "paused") return { ...found, status: "down" };
  if (State.Status === "created") return State.ExitCode === 0 ? null : { ...found, status: "down" };
  if (ASKED_TO_END.includes(State.ExitCode) || end === "asked") return null;
  return { ...found, status: "down", isDoubtful: end === "either" };
}

/** What the service must be and is not; null: it is as it must be. */
function faultOf(stage: Stage, name: string, row: Row | undefined, all: readonly Candidate[]): string | null {
  const running = all.filter(({ status }) => status === "up");
  const best = running.length > 0 ? running : all;
  const deleted = stage.deleted.get(name);
  if (row === undefined) {
    const isAway = deleted === null || best.some(({ container_id }) => container_id === deleted);
    return best.every(({ isDoubtful }) => isDoubtful) || isAway ? null : "must be there";
  }
  const isEnabled = !stage.disabled.has(name);
  if (row.enabled !== isEnabled) return `must be ${isEnabled ? "enabled" : "disabled"}`;
  if (row.gone_since !== null) {
    if (!best.every(({ isDoubtful }) => isDoubtful)) return "its container is there";
    return row.health_status === "unknown" ? null : "must be unknown";
  }
  if (deleted !== undefined && row.container_id === deleted) return "must stay away until its container is made anew";
  const shown = best.find(({ container_id }) => container_id === row.container_id);
  if (shown === undefined) return `must have one of the containers ${JSON.stringify(best)}`;
  if (row.metadata.container !== shown.name) return `must have the container ${shown.name}`;
  const status = isEnabled ? shown.status : "unknown";
  return row.health_status === status ? null : `must be ${status}`;
}

type Flip = FlipSeen & { service_id: number };

/** Flips that are there twice, don't follow from the one before, or should not have been. Oldest first. */
function flipFaults(flips: readonly Flip[]): string[] {
  const last = new Map<number, Flip>();
  return flips.flatMap((flip) => {
    const before = last.get(flip.service_id);
    last.set(flip.service_id, flip);
    const isNext = flip.seq > (before?.seq ?? 0) && flip.from === (before?.to ?? "unknown") && flip.to !== flip.from;
    const isFounded = flip.to !== "unknown" || UNKNOWN_BECAUSE.test(flip.reason);
    return isNext && isFounded ? [] : [JSON.stringify({ flip, before })];
  });
}
