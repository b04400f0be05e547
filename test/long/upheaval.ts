/**
 * A hub that is changed a lot while it is killed twice: services move to other lanes, half of them are deleted. In the
 * end the registry, the statuses and the flips are compared with what they must be.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { NEVER_SLOW } from "../core/fixtures.ts";
import { call } from "../processes/hub-client.ts";
import type { HubProcess } from "../processes/hub-process.ts";

/** Nothing listens there. */
const NOBODY = "127.0.0.1:1";
const POLL_MS = 200;
const PATIENCE_MS = 240_000;
const SERVICES_A_PROJECT = 1_000;

export interface Upheaval {
  /** Services in all; a multiple of 20. */
  services: number;
  /** Seconds. */
  interval: number;
  /** Seconds of the interval that a tenth of the services change to. */
  otherInterval: number;
  /** Milliseconds for which the hub runs undisturbed between the upheavals. */
  calmMs: number;
  progress(line: string): void;
}

interface Planned {
  name: string;
  health_method: "http" | "tcp";
  health_url: string;
  health_interval: number;
  health_timeout: number;
  health_retries: number;
  health_options: { degraded_above_ms: number };
}

interface Project {
  id: number;
  name: string;
  services: Planned[];
}

/** Returns everything that is not as it must be; empty when all is. */
export async function runUpheaval(hub: HubProcess, upheaval: Upheaval): Promise<string[]> {
  const { progress, calmMs } = upheaval;
  const target = await startTarget();
  try {
    let projects = await register(hub, upheaval, target.port);
    await statusesSettle(hub, projects);
    progress("all services are checked");
    await sleep(calmMs);

    const moved = projects.map((project, index) => (index % 10 === 0 ? withInterval(project, upheaval) : project));
    const changed = moved.filter((project, index) => project !== projects[index]);
    await killedAmid(hub, () => Promise.all(changed.map((project) => putManifest(hub, project))));
    progress("killed while services changed their interval");
    projects = moved;
    await statusesSettle(hub, projects);

    target.fail(true);
    await statusesSettle(hub, projects, { toggled: "down" });
    target.fail(false);
    await statusesSettle(hub, projects);
    progress("services went down and came up again");

    const half = projects.filter((_, index) => index % 2 === 1);
    await killedAmid(hub, () => Promise.all(half.map(({ id }) => removeProject(hub, id))));
    progress("killed while half of the services were deleted");
    projects = projects.filter((project) => !half.includes(project));
    await statusesSettle(hub, projects);
    await sleep(calmMs);
    return await faults(hub, projects);
  } finally {
    target.close();
  }
}

/** Of twenty services one is down for good and one goes down for a while. */
function kindOf(name: string): "steady" | "gone" | "toggled" {
  const number = Number(name.slice(1)) % 20;
  if (number === 7) return "gone";
  return number === 13 ? "toggled" : "steady";
}

async function startTarget(): Promise<{ port: number; fail(failing: boolean): void; close(): void }> {
  let failing = false;
  const server: Server = createServer((request, response) => {
    response.statusCode = failing && request.url === "/toggled" ? 503 : 200;
    response.end("ok");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", 4_096, resolve));
  return {
    port: (server.address() as AddressInfo).port, // it listens on a port
    fail: (wanted) => {
      failing = wanted;
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function register(hub: HubProcess, { services, interval }: Upheaval, port: number): Promise<Project[]> {
  const count = Math.max(20, Math.ceil(services / SERVICES_A_PROJECT));
  const size = services / count;
  const projects: Project[] = [];
  for (let index = 0; index < count; index++) {
    const name = `p${index}`;
    const { id } = await call<{ id: number }>(hub, "POST", "/api/projects", { name });
    const planned = Array.from({ length: size }, (_, n) => plannedService(index * size + n, interval, port));
    projects.push({ id, name, services: planned });
  }
  await Promise.all(projects.map((project) => putManifest(hub, project)));
  return projects;
}

function plannedService(number: number, interval: number, port: number): Planned {
  const name = `s${number}`;
  const kind = kindOf(name);
  return {
    name,
    health_method: kind === "gone" ? "tcp" : "http",
    health_url: kind === "gone" ? NOBODY : `http://127.0.0.1:${port}/${kind}`,
    health_interval: interval,
    health_timeout: 4,
    health_retries: 1,
    health_options: NEVER_SLOW,
  };
}

function withInterval(project: Project, { otherInterval }: Upheaval): Project {
  return { ...project, services: project.services.map((each) => ({ ...each, health_interval: otherInterval })) };
}

async function putManifest(hub: HubProcess, { id, services }: Project): Promise<void> {
  await call(hub, "PUT", `/api/projects/${id}/manifest`, { services });
}

async function removeProject(hub: HubProcess, id: number): Promise<void> {
  const response = await hub.fetch(`/api/projects/${id}`, { method: "DELETE" });
  if (response.status !== 204 && response.status !== 404) throw new Error(`DELETE: ${response.status}`);
}

/** The work is begun, the hub is killed in the middle of it, and the work is done again as its caller would. */
async function killedAmid(hub: HubProcess, work: () => Promise<unknown>): Promise<void> {
  const begun = work().catch(() => {}); // it is meant to fail
  await sleep(30);
  await hub.kill9();
  await begun;
  await hub.restart();
  await work();
}

interface Listed {
  name: string;
  project: string;
  health_status: string;
  health_interval: number;
}

/** All pages of a list of the API; `path` has a query already. */
async function allPages<T>(hub: HubProcess, path: string, itemsOf: (page: Page) => T[]): Promise<T[]> {
  const all: T[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const page: Page = await call(hub, "GET", cursor === "" ? path : `${path}&cursor=${cursor}`);
    all.push(...itemsOf(page));
    cursor = page.next_cursor;
  }
  return all;
}

interface Page {
  services: Listed[];
  flips: ListedFlip[];
  next_cursor: string | null;
}

const list = (hub: HubProcess) => allPages(hub, "/api/services?limit=1000", ({ services }) => services);

/** Waits until every service has the status that its kind has now. */
async function statusesSettle(hub: HubProcess, projects: readonly Project[], now = { toggled: "up" }): Promise<void> {
  const expected = { steady: "up", gone: "down", ...now };
  const total = projects.reduce((sum, { services }) => sum + services.length, 0);
  let wrong: Listed[] = [];
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await sleep(POLL_MS)) {
    const listed = await list(hub);
    wrong = listed.filter(({ name, health_status }) => health_status !== expected[kindOf(name)]);
    if (wrong.length === 0 && listed.length === total) return;
  }
  throw new Error(`${wrong.length} services have another status, such as ${JSON.stringify(wrong.slice(0, 3))}`);
}

async function faults(hub: HubProcess, projects: readonly Project[]): Promise<string[]> {
  const wanted = projects.flatMap(({ name, services }) =>
    services.map((each) => `${name}/${each.name} each ${each.health_interval} s`),
  );
  const listed = (await list(hub)).map((each) => `${each.project}/${each.name} each ${each.health_interval} s`);
  const [isWanted, isListed] = [new Set(wanted), new Set(listed)];
  return [
    ...wanted.filter((line) => !isListed.has(line)).map((line) => `missing: ${line}`),
    ...listed.filter((line) => !isWanted.has(line)).map((line) => `too much: ${line}`),
    ...(await wrongFlips(hub, projects)),
  ];
}

interface ListedFlip {
  name: string;
  seq: number;
  from: string;
  to: string;
}

async function wrongFlips(hub: HubProcess, projects: readonly Project[]): Promise<string[]> {
  const flips = await allPages(hub, "/api/flips?limit=1000", (page) => page.flips);
  const expected = {
    steady: "1 unknown up",
    gone: "1 unknown down",
    toggled: "1 unknown up, 2 up down, 3 down up",
  };
  const byName = Map.groupBy(flips, ({ name }) => name);
  return projects
    .flatMap(({ services }) => services)
    .flatMap(({ name }) => {
      const own = (byName.get(name) ?? []).toSorted((a, b) => a.seq - b.seq);
      const text = own.map(({ seq, from, to }) => `${seq} ${from} ${to}`).join(", ");
      return text === expected[kindOf(name)] ? [] : [`${name} (${kindOf(name)}): ${text}`];
    });
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
