/** What an agent with fifty checks keeps while its hub is away for half a minute: every single check. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dueTimes } from "../../src/core/lane/schedule.ts";
import { NEVER_SLOW } from "../core/fixtures.ts";
import { type AgentProcess, setUpAgent, startAgent } from "../processes/agent-process.ts";
import { databaseFile } from "../processes/database-file.ts";
import { call, type FlipSeen, type ServiceSeen } from "../processes/hub-client.ts";
import { type HubProcess, startHub } from "../processes/hub-process.ts";
import { until } from "../until.ts";

const INTERVAL_S = 5;
const AWAY_MS = 32_000;
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
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

beforeAll(async () => {
  await new Promise<void>((resolve) => target.listen(0, "127.0.0.1", resolve));
  address = `127.0.0.1:${(target.address() as AddressInfo).port}`; // it listens on a port
  hub = await startHub({ args: ["--quiet"] });
  agent = await startAgent({ hub: hub.url, key: await setUpAgent(hub, "dc-1"), name: "dc-1" });
});
afterAll(async () => {
  await agent?.remove();
  await hub?.remove();
  target.close();
});

async function statuses(): Promise<Record<string, string>> {
  const { services } = await call<{ services: ServiceSeen[] }>(hub, "GET", "/api/services?limit=1000");
  return Object.fromEntries(services.map(({ name, health_status }) => [name, health_status]));
}

async function allFlips(): Promise<FlipSeen[]> {
  const { flips } = await call<{ flips: FlipSeen[] }>(hub, "GET", "/api/flips?limit=1000");
  return flips.reverse();
}

let away: { from: number; to: number };

test("nothing is lost and no status is made up", async () => {
  for (let n = 0; n < SERVICES; n++) {
    await call(hub, "PUT", `/api/projects/inside/services/s${n}`, {
      agent: "dc-1",
      health_interval: INTERVAL_S,
      health_retries: 1,
      health_options: NEVER_SLOW,
      health_method: "http",
      health_url: `http://${address}/s${n}`,
    });
  }
  await until(async () => {
    expect(Object.values(await statuses()).filter((status) => status === "up")).toHaveLength(SERVICES);
  });
  await sleep(2 * INTERVAL_S * 1_000);
  const flipsBefore = (await allFlips()).length;
  await hub.kill9();
  const from = Date.now();
  failing.add("s1").add("s2"); // s1 comes back before the hub does, s2 stays away
  await sleep(AWAY_MS - 12_000);
  failing.delete("s1");
  await sleep(12_000);
  await hub.restart();
  away = { from, to: Date.now() };
  await until(async () => expect((await statuses()).s2).toBe("down"));
  await sleep(INTERVAL_S * 1_000);
  const flips = (await allFlips()).slice(flipsBefore);
  expect(flips.map(({ name, from: before, to }) => [name, before, to])).toEqual([["s2", "up", "down"]]);
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
