/** A hub in constant trouble: does it still say of every service what the service did? */
import type { NatsConnection } from "@nats-io/transport-node";
import type { FederatedService } from "../../src/core/federation/federated-service.ts";
import { FAR_COUNT_PATH, type FarCount } from "../far/far-platform.ts";
import { setUpAgent, startAgent } from "../processes/agent-process.ts";
import { accepted, json } from "../processes/hub-client.ts";
import { type HubProcess, startHub } from "../processes/hub-process.ts";
import { startLinks } from "../processes/links.ts";
import { connectCore, keptEvents, natsHealth, natsVars } from "../processes/nats-hub.ts";
import { sleep, until } from "../processes/patience.ts";
import { startNatsPair } from "../servers/nats.ts";
import { type Disturbance, FIRST_MINUTE_MS } from "./chaos-disturbances.ts";
import { type Answer, type Deviation, type Judgement, judge, type SeenFlip } from "./chaos-oracle.ts";
import { type ChaosOptions, type ChaosPlan, chaosPlan } from "./chaos-schedule.ts";
import { type ChaosTarget, startChaosTarget } from "./chaos-target.ts";
import { beatOn, heartbeats, sendBeat } from "./heartbeats.ts";
import { type Clock, type Struck, strike, Turns, victimOf } from "./strike.ts";
import { addUnreadable, isUnreadable } from "./unreadable-neighbours.ts";
import { wrongClock } from "./wrong-clock.ts";

const HUB = "hub-a";
const PEER = "hub-b";
const AGENT = "dc-1";
const TOKEN = "join-token-of-the-chaos";
const PULL_S = 5;
const MINUTE_MS = 60_000;
const PATIENCE_MS = 90_000;

export interface ChaosRun extends ChaosOptions {
  /** The hubs are on a platform at its worst, see far-platform.ts. */
  far?: boolean;
}

export interface ChaosReport extends Judgement {
  plan: ChaosPlan;
  /** What was done to the hub when, for a reader. */
  log: string[];
  /** From `kill -9` to a hub that answers, ms. */
  restarts: number[];
  /** From the end of the run until NATS had everything, ms. */
  settled: number;
  /** What the platform did since the hub was last killed; null: it was at its best. */
  platform: FarCount | null;
}

/** What runs; `peer` and `agent` only when services of an agent are wished for. */
interface Place extends Struck {
  plan: ChaosPlan;
  far: boolean;
  target: ChaosTarget;
  core: NatsConnection;
  peer: HubProcess | null;
  progress(line: string): void;
}

export async function runChaos(
  { far = false, ...options }: ChaosRun,
  progress: (line: string) => void,
): Promise<ChaosReport> {
  const plan = chaosPlan(options);
  const closing: (() => Promise<unknown>)[] = [];
  try {
    const place = await setUp(plan, far, progress, closing);
    const ids = await register(place);
    const start = await halfAMinute();
    progress("the run begins");
    place.target.start(start);
    const clock = { now: () => Date.now() - start, reach: (at: number) => sleep(Math.max(0, start + at - Date.now())) };
    const [done, ...beats] = await Promise.all([
      disturb(place, clock),
      ...heartbeats(plan).map((service) =>
        beatOn(place.hub, service, ids.get(service.name) ?? 0, clock, plan.durationMs),
      ),
    ]);
    await clock.reach(plan.durationMs);
    const settled = await settle(place);
    const platform: FarCount | null = far ? await accepted(await place.hub.fetch(FAR_COUNT_PATH)) : null;
    const judgement = await compare(place, ids, start, done.disturbances, new Map(beats));
    return { ...judgement, plan, log: done.log, restarts: done.restarts, settled, platform };
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

async function setUp(
  plan: ChaosPlan,
  far: boolean,
  progress: Place["progress"],
  closing: (() => Promise<unknown>)[],
): Promise<Place> {
  const target = await startChaosTarget(plan.services);
  closing.push(target.stop);
  const nats = await startNatsPair({ hub_id: HUB });
  closing.push(nats.stop);
  await nats.setUp();
  const core = await connectCore(nats.core_url);
  closing.push(() => core.close());
  const links = await startLinks([HUB, PEER]);
  closing.push(links.stop);
  const federation = { FEDERATION_TOKEN: TOKEN, FEDERATION_INTERVAL: String(PULL_S) };
  const hub = await startHub({
    vars: { ...natsVars(HUB, nats.relay_url), ...federation, HUB_URL: links.url(HUB) },
    args: ["--quiet"],
    ticking: true,
    far,
  });
  closing.push(hub.remove);
  await links.connect(HUB, hub.url);
  const place = { plan, far, target, nats, core, links, peerId: PEER, hub, progress };
  if (!plan.services.some(({ eye }) => eye === "agent")) return { ...place, peer: null, agent: null, agentClock: null };
  const peer = await startHub({
    vars: { ...federation, HUB_ID: PEER, HUB_URL: links.url(PEER), FEDERATION_PEERS: links.url(HUB) },
    args: ["--quiet"],
    far,
  });
  closing.push(peer.remove);
  await links.connect(PEER, peer.url);
  const agentClock = await wrongClock();
  closing.push(agentClock.remove);
  const key = await setUpAgent(hub, AGENT);
  const agent = await startAgent({ hub: hub.url, key, name: AGENT, environment: agentClock.environment });
  closing.push(agent.remove);
  return { ...place, peer, agent, agentClock };
}

/** Resolves with the ids by name when all services are up. */
async function register({ plan, hub, target, progress }: Place): Promise<Map<string, number>> {
  const project: { id: number } = await accepted(await hub.fetch("/api/projects", json("POST", { name: "chaos" })));
  const services = plan.services.map(({ name, eye, interval, timeout, retries, degradedAbove }) => {
    if (eye === "heartbeat") return { name, health_method: "heartbeat", health_interval: interval };
    const http = {
      health_method: "http",
      health_url: target.url(name),
      health_options: { degraded_above_ms: degradedAbove },
    };
    const times = { health_interval: interval, health_timeout: timeout, health_retries: retries };
    return { name, ...http, ...times, ...(eye === "agent" ? { agent: AGENT } : {}) };
  });
  await accepted(await hub.fetch(`/api/projects/${project.id}/manifest`, json("PUT", { services })));
  const list = () => listed<{ id: number; name: string; health_status: string }>(hub, "/api/services", "services");
  const ids = new Map((await list()).map(({ id, name }) => [name, id]));
  for (const { name } of heartbeats(plan)) await sendBeat(hub, ids.get(name) ?? 0, true);
  await until("all services are up", PATIENCE_MS, async () => {
    return (await list()).filter(({ health_status }) => health_status === "up").length === services.length;
  });
  progress(`${services.length} services are up`);
  await addUnreadable(hub, project.id, plan);
  return ids;
}

/** Resolves half a minute before a full one; returns the time, Unix ms. */
async function halfAMinute(): Promise<number> {
  const wait = MINUTE_MS - ((Date.now() + FIRST_MINUTE_MS) % MINUTE_MS);
  const start = Date.now() + wait;
  await sleep(wait);
  return start;
}

interface Done {
  /** With their real times. */
  disturbances: Disturbance[];
  log: string[];
  restarts: number[];
}

async function disturb(place: Place, clock: Clock): Promise<Done> {
  const done: Done = { disturbances: [], log: [], restarts: [] };
  const turns = new Turns();
  await Promise.all(
    place.plan.disturbances.map(async (planned) => {
      await clock.reach(planned.from);
      const over = await turns.take(victimOf(planned.kind));
      const from = clock.now();
      const until = Math.max(planned.until, from + planned.until - planned.from); // as long, when it had to wait
      await strike(place, { ...planned, until }, clock).finally(over);
      const real = { ...planned, from, until: clock.now() };
      if (planned.kind === "kill") done.restarts.push(real.until - from);
      const line = `${planned.kind} from ${(from / 1_000).toFixed(1)} s to ${(real.until / 1_000).toFixed(1)} s`;
      done.log.push(line);
      place.progress(line);
      done.disturbances.push(planned.kind === "tick lost" ? planned : real); // which minute it hit is planned
    }),
  );
  return done;
}

/** Waits until NATS has everything; returns how long that took, ms. */
async function settle({ hub, progress }: Place): Promise<number> {
  const from = Date.now();
  await until("the outbox is empty", PATIENCE_MS, async () => (await natsHealth(hub)).outbox?.observedValue === 0);
  progress("NATS has everything");
  return Date.now() - from;
}

interface ListedFlip {
  service_id: number;
  seq: number;
  from: string;
  to: string;
  at: string;
  began_at: string;
}

async function compare(
  place: Place,
  ids: Map<string, number>,
  start: number,
  disturbances: readonly Disturbance[],
  beats: Map<string, Answer[]>,
): Promise<Judgement> {
  const { hub, plan, far, target, core } = place;
  const flips = await listed<ListedFlip>(hub, "/api/flips", "flips");
  const byService = Map.groupBy(flips, ({ service_id }) => service_id);
  const watched = [];
  for (const service of plan.services) {
    const id = ids.get(service.name) ?? 0;
    const own = (byService.get(id) ?? []).map(
      (flip): SeenFlip => ({
        ...flip,
        at: Date.parse(flip.at) - start,
        began_at: Date.parse(flip.began_at) - start,
      }),
    );
    const health: { uptime: { "24h": number | null } } = await accepted(await hub.fetch(`/api/services/${id}/health`));
    watched.push({
      service,
      id,
      flips: own.sort((a, b) => a.seq - b.seq),
      answers: beats.get(service.name) ?? target.answers(service.name),
      uptime: { part: health.uptime["24h"], at: Date.now() - start },
    });
  }
  const kept = (await keptEvents(core)).map(({ id }) => id);
  const judgement = judge({
    hub_id: HUB,
    watched,
    kept,
    disturbances: far ? [...disturbances, alwaysAgain(plan)] : disturbances,
  });
  return { ...judgement, deviations: [...judgement.deviations, ...(await wrongCopies(place))] };
}

/** A message that comes again lets the hub ask again, as a second tick does; here any may. */
function alwaysAgain({ durationMs }: ChaosPlan): Disturbance {
  return { kind: "tick twice", from: 0, until: durationMs };
}

/** The other hub has a copy of each service, with the status that it has here. */
async function wrongCopies({ hub, peer }: Place): Promise<Deviation[]> {
  if (peer === null) return [];
  let wrong: Deviation[] = [];
  const equal = async () => {
    const own = await listed<{ id: number; name: string; health_status: string }>(hub, "/api/services", "services");
    const path = `/api/federation/services?hub=${HUB}`;
    const copies = await listed<FederatedService>(peer, path, "services");
    const byName = new Map(copies.map((copy) => [copy.name, copy]));
    wrong = own.flatMap(({ name, health_status }) => {
      if (isUnreadable(name)) return [];
      const copy = byName.get(name);
      if (copy?.health_status === health_status && copy.freshness === "live") return [];
      const seen = copy === undefined ? "none" : `${copy.health_status} (${copy.freshness})`;
      return [{ service: name, expected: `${health_status} at the other hub`, seen }];
    });
    return wrong.length === 0;
  };
  await until("the other hub sees the same", 6 * PULL_S * 1_000, equal).catch(() => {}); // what differs is reported
  return wrong;
}

type Page<T> = Record<string, T[]> & { next_cursor: string | null };

/** All pages of a list of the API. */
async function listed<T>(hub: HubProcess, path: string, key: string): Promise<T[]> {
  const all: T[] = [];
  const first = `${path}${path.includes("?") ? "&" : "?"}limit=1000`;
  for (let cursor: string | null = ""; cursor !== null; ) {
    const page: Page<T> = await accepted(await hub.fetch(cursor === "" ? first : `${first}&cursor=${cursor}`));
    all.push(...(page[key] ?? []));
    cursor = page.next_cursor;
  }
  return all;
}
