/** A real agent beside a real hub: what it checks, and what it keeps while the hub is away. */
import { readdirSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dueTimes } from "../../src/core/schedule.ts";
import { NEVER_SLOW } from "../core/fixtures.ts";
import { type AgentProcess, setUpAgent, startAgent } from "../processes/agent-process.ts";
import { databaseFile } from "../processes/database-file.ts";
import { call, type FlipSeen, flipsOf, type ServiceSeen } from "../processes/hub-client.ts";
import { type HubProcess, startHub } from "../processes/hub-process.ts";
import { until } from "../until.ts";

const PLUGINS = "/usr/lib/nagios/plugins";
const INTERVAL_S = 10;
/** Of the hub's time, as all that follows. */
const AWAY_MS = 50_000;
/** Three intervals and five seconds. */
const OFFLINE_MS = 35_000;
const SERVICES = 50;

/** Answers 200, or 503 for what is in `failing`. */
const failing = new Set<string>();
const target = createServer((request, response) => {
  response.statusCode = failing.has(request.url?.slice(1) ?? "") ? 503 : 200;
  response.end("ok");
});
let hub: HubProcess;
let agent: AgentProcess;
let address: string;
const sleep = (ms: number) => hub.clock.wait(ms);

const commandsOf = (port: number) => ({
  http: [`${PLUGINS}/check_http`, "-H", "127.0.0.1", "-p", String(port), "-u", "/plugin"],
  closed: [`${PLUGINS}/check_tcp`, "-H", "127.0.0.1", "-p", "9"],
  load: [`${PLUGINS}/check_load`, "-w", "0,0,0", "-c", "1000,1000,1000"],
  dagger: ["dagger", "call", "test"],
});

beforeAll(async () => {
  await listen(target);
  const { port } = target.address() as AddressInfo; // it listens on a port
  address = `127.0.0.1:${port}`;
  hub = await startHub({ args: ["--quiet"], fast: true });
  const key = await setUpAgent(hub, "dc-1");
  agent = await startAgent({ hub: hub.url, key, name: "dc-1", pace: hub.pace, commands: commandsOf(port) });
});
afterAll(async () => {
  await agent?.remove();
  await hub?.remove();
  target.close();
});

async function register(name: string, service: object): Promise<number> {
  const often = { health_interval: INTERVAL_S, health_retries: 1, health_options: NEVER_SLOW };
  const body = { ...often, agent: "dc-1", ...service };
  return (await call<{ id: number }>(hub, "PUT", `/api/projects/inside/services/${name}`, body)).id;
}

async function statuses(): Promise<Record<string, string>> {
  const { services } = await call<{ services: ServiceSeen[] }>(hub, "GET", "/api/services?limit=1000");
  return Object.fromEntries(services.map(({ name, health_status }) => [name, health_status]));
}

const seen = async (name: string): Promise<ServiceSeen> => {
  const { services } = await call<{ services: ServiceSeen[] }>(hub, "GET", `/api/services?q=${name}`);
  const found = services.find((service) => service.name === name);
  if (found === undefined) throw new Error(`no service ${name}`);
  return found;
};

test("what it is assigned is checked within seconds, by probes and by plugins", async () => {
  await register("web", { health_method: "http", health_url: `http://${address}/web` });
  await register("port", { health_method: "tcp", health_url: address });
  for (const command of ["http", "closed", "load", "dagger", "unknown"]) {
    await register(`plugin-${command}`, { health_method: "exec", health_options: { command } });
  }
  await until(async () =>
    expect(await statuses()).toEqual({
      ...{ web: "up", port: "up", "plugin-http": "up", "plugin-closed": "down", "plugin-load": "degraded" },
      ...{ "plugin-dagger": "unknown", "plugin-unknown": "unknown" },
    }),
  );
  const load = await seen("plugin-load");
  expect(load.health_details).toMatchObject({
    error: expect.stringContaining("LOAD WARNING"),
    load1: expect.any(Number),
    output: expect.stringContaining("load average"),
  });
  expect((await seen("plugin-closed")).health_details.error).toMatch(/^exec: .*refused/i);
  expect((await seen("plugin-unknown")).health_details.error).toBe('exec: this agent has no command named "unknown"');
  expect((await seen("plugin-dagger")).health_details.error).toContain("ENOENT");
  const { agents } = await call<{ agents: object[] }>(hub, "GET", "/api/agents");
  expect(agents).toMatchObject([{ name: "dc-1", status: "online", service_count: 7, problem: null, waiting: 0 }]);
});

test("a service that fails is down within seconds, with what the agent saw, and a change reaches it at once", async () => {
  failing.add("web");
  await until(async () => expect((await seen("web")).health_status).toBe("down"));
  await until(async () => {
    const flip = (await flipsOf(hub, "web")).at(-1);
    expect(flip?.evidence.map(({ vantage, ok }) => [vantage, ok])).toEqual([
      ["agent:dc-1", false],
      ["agent:dc-1", false],
    ]);
  });
  failing.delete("web");
  const { id } = await seen("web");
  await call(hub, "PATCH", `/api/services/${id}`, { health_url: `http://${address}/moved` });
  await until(async () => expect((await seen("web")).health_status).toBe("up"));
});

describe("while the hub is away", () => {
  let away: { from: number; to: number };
  let flipsBefore: number;

  test("nothing is lost and no status is made up", async () => {
    for (let n = 0; n < SERVICES; n++) {
      await register(`s${n}`, { health_method: "http", health_url: `http://${address}/s${n}` });
    }
    await until(async () => {
      const all = Object.entries(await statuses()).filter(([name]) => /^s\d/.test(name));
      expect(all.filter(([, status]) => status === "up")).toHaveLength(SERVICES);
    });
    await sleep(2 * INTERVAL_S * 1_000);
    flipsBefore = (await allFlips()).length;
    await hub.kill9();
    const from = hub.clock.now();
    failing.add("s1"); // comes back before the hub does
    failing.add("s2"); // stays away
    await sleep(AWAY_MS - 2 * INTERVAL_S * 1_000);
    failing.delete("s1");
    await sleep(2 * INTERVAL_S * 1_000);
    await hub.restart();
    away = { from, to: hub.clock.now() };
    await until(async () => expect((await seen("s2")).health_status).toBe("down"));
    await sleep(INTERVAL_S * 1_000);
    const flips = (await allFlips()).slice(flipsBefore);
    expect(flips.map(({ name, from: before, to }) => [name, before, to])).toEqual([["s2", "up", "down"]]);
    expect(away.to - away.from).toBeGreaterThan(OFFLINE_MS + 10_000);
  });

  test("what was seen meanwhile is history, every single check of it", async () => {
    const rows = await until(() => {
      const found = recorded();
      for (const name of ["s0", "s1", "s2"]) expect(missing(found, name, away)).toEqual([]);
      return found;
    });
    for (let n = 0; n < SERVICES; n++) expect([`s${n}`, missing(rows, `s${n}`, away)]).toEqual([`s${n}`, []]);
    const failures = rows.filter(({ name, at, verdict }) => name === "s1" && at > away.from && verdict === 0);
    expect(failures.length).toBeGreaterThan(2);
  });

  const allFlips = async () => {
    const { flips } = await call<{ flips: FlipSeen[] }>(hub, "GET", "/api/flips?limit=1000");
    return flips.reverse().filter(({ name }) => /^s\d+$/.test(name));
  };
});

test("an agent that is killed goes on from its spool, and its silence is told after three intervals", async () => {
  await agent.stop("SIGKILL");
  await until(async () => expect((await seen("s0")).health_status).toBe("unknown"));
  await until(async () => {
    const reason = (await flipsOf(hub, "s0")).at(-1)?.reason;
    expect(reason).toMatch(/^agent offline: nothing heard from dc-1 for [2-9]\d s$/);
  });
  agent.start();
  await until(async () => expect((await seen("s0")).health_status).toBe("up"));
  await until(() => expect(readdirSync(join(agent.state, "spool"))).toEqual(["position.json"]));
});

interface Recorded {
  name: string;
  at: number;
  due_at: number;
  lane: number;
  verdict: number;
}

function recorded(): Recorded[] {
  const database = new DatabaseSync(databaseFile(hub.state), { readOnly: true });
  try {
    return database
      .prepare(
        `SELECT services.name, rounds.started_at AS at, rounds.due_at, rounds.lane, result.value ->> 1 AS verdict
         FROM rounds, json_each(rounds.results) AS result JOIN services ON services.id = result.value ->> 0
         WHERE rounds.attempt = 0`,
      )
      .all() as unknown as Recorded[]; // as the query says
  } finally {
    database.close();
  }
}

/** Due times in the period of which there is no check. */
function missing(rows: readonly Recorded[], name: string, period: { from: number; to: number }): number[] {
  const own = rows.filter((row) => row.name === name);
  const dues = new Set(own.map(({ due_at }) => due_at));
  const lane = own[0]?.lane ?? 0;
  return dueTimes(lane, period).flatMap(({ due_at }) => (dues.has(due_at) ? [] : [due_at]));
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
}
