import { reset } from "cloudflare:test";
import { beforeEach, describe, expect, test } from "vitest";
import type { AgentFinding, ReportedObservation } from "../../../src/core/agent/agent-protocol.ts";
import { NOW } from "../../store/fixtures.ts";
import { type TestHub, testHub } from "../test-hub.ts";

let hub: TestHub;
let taken: { agent: string; findings: AgentFinding[] }[];
let waits: number[];
let whileWaiting: () => Promise<unknown>;

beforeEach(async () => {
  await reset();
  [taken, waits, whileWaiting] = [[], [], async () => {}];
  let now = NOW;
  hub = await testHub(
    {},
    {
      now: () => now,
      wait: async (ms) => {
        waits.push(ms);
        now += ms;
        await whileWaiting();
      },
      takeReport: async (agent, findings) => {
        taken.push({ agent, findings });
        return { news: findings.length, late: 0, states: [], untaken: [] };
      },
    },
  );
});

/** Sets up an agent and returns its key. */
async function setUp(name: string): Promise<string> {
  return (await hub.call<{ key: string }>("PUT", `/api/agents/${name}`, 201)).key;
}

async function register(name: string, agent: string | null, more: object = {}): Promise<number> {
  const service = { health_method: "http", health_url: "http://10.0.0.7:8080", agent, ...more };
  return (await hub.call<{ id: number }>("PUT", `/api/projects/shop/services/${name}`, 201, service)).id;
}

const observed = (service_id: number, over: Partial<ReportedObservation> = {}): ReportedObservation => ({
  service_id,
  rev: 1,
  due_at: NOW - 1_000,
  attempt: 0,
  at: NOW - 900,
  verdict: "ok",
  latency_ms: 3,
  error: null,
  details: { load: 0.5 },
  ...over,
});

const report = (observations: object[]) => ({
  version: "1.0",
  host: "m1",
  problem: null,
  waiting: 3,
  dropped: 1,
  observations,
});

describe("an agent", () => {
  test("is set up once, shows its key once, and is listed", async () => {
    const key = await setUp("dc-1");
    expect(key).toMatch(/^hub_/);
    await register("db", "dc-1");
    const again = await hub.call("PUT", "/api/agents/dc-1", 200);
    expect(again).toEqual({
      name: "dc-1",
      status: "new",
      version: null,
      host: null,
      last_seen_at: null,
      problem: null,
      service_count: 1,
      waiting: 0,
      dropped: 0,
      deleted_services: [],
      created_at: new Date(NOW).toISOString(),
    });
    const { agents, total } = await hub.call<{ agents: object[]; total: number }>("GET", "/api/agents", 200);
    expect([agents, total]).toEqual([[again], 1]);
    expect(JSON.stringify(again)).not.toContain(key);
  });

  test("loses its keys when it is removed", async () => {
    const key = await setUp("dc-1");
    expect((await hub.request("DELETE", "/api/agents/dc-1")).status).toBe(204);
    expect((await hub.request("DELETE", "/api/agents/dc-1")).status).toBe(404);
    expect((await hub.request("GET", "/api/agents/dc-1/checks", undefined, { key })).status).toBe(401);
  });
});

describe("the checks of an agent", () => {
  test("are those of its services that are watched, in private networks too", async () => {
    const key = await setUp("dc-1");
    await register("db", "dc-1");
    await register("off", "dc-1", { enabled: false });
    await register("other", "dc-2");
    const answer = await hub.request("GET", "/api/agents/dc-1/checks", undefined, { key });
    const { checks, ...rest } = await answer.json<{ checks: object[] }>();
    expect(rest).toEqual({
      hub_id: "hub-main",
      agent: "dc-1",
      now: NOW,
      vantage: false,
      takes_containers: true,
      containers: expect.any(String),
    });
    expect(checks).toMatchObject([{ name: "db", agent: "dc-1", project: "shop", rev: 1 }]);
  });

  test("come with the news that the hub uses it as a vantage, and are sent again when that changes", async () => {
    const key = await setUp("dc-1");
    const before = await hub.request("GET", "/api/agents/dc-1/checks", undefined, { key });
    hub.context.settings.PROBE_VANTAGES = ["weur", "agent:dc-1"];
    const headers = { "if-none-match": before.headers.get("etag") ?? "" };
    const after = await hub.request("GET", "/api/agents/dc-1/checks", undefined, { key, headers });
    hub.context.settings.PROBE_VANTAGES = [];
    expect(await after.json()).toMatchObject({ agent: "dc-1", vantage: true });
  });

  test("are not sent again while they are the same, and at once when they change", async () => {
    const key = await setUp("dc-1");
    const id = await register("db", "dc-1");
    const get = (tag: string | null, wait = 0) =>
      hub.request("GET", `/api/agents/dc-1/checks?wait=${wait}`, undefined, {
        key,
        headers: tag === null ? {} : { "if-none-match": tag },
      });
    let tag = (await get(null)).headers.get("etag");
    expect((await get(tag)).status).toBe(304);
    expect((await get(tag, 7)).status).toBe(304);
    expect(waits).toEqual([2_000, 2_000, 2_000]);
    const changes: [string, string, object][] = [
      ["PATCH", `/api/services/${id}`, { health_interval: 60 }],
      ["PATCH", `/api/services/${id}`, { enabled: false }],
      ["PATCH", `/api/services/${id}`, { enabled: true }],
      ["POST", "/api/projects/1/stop", {}],
      ["POST", "/api/projects/1/start", {}],
      ["PATCH", `/api/services/${id}`, { agent: "dc-2" }],
      ["PATCH", `/api/services/${id}`, { agent: "dc-1" }],
      ["DELETE", `/api/services/${id}`, {}],
    ];
    for (const [method, path, body] of changes) {
      whileWaiting = () => hub.request(method, path, method === "DELETE" ? undefined : body);
      const answer = await get(tag, 30);
      expect([method, path, body, answer.status]).toEqual([method, path, body, 200]);
      tag = answer.headers.get("etag");
      whileWaiting = async () => {};
    }
    whileWaiting = () => hub.request("PATCH", "/api/projects/1", { metadata: { a: 1 } });
    expect((await get(tag, 6)).status).toBe(304);
  });

  test("and its other routes are closed to other agents, and to keys that only read or write", async () => {
    await setUp("dc-1");
    const other = await setUp("dc-2");
    for (const key of [other, hub.keys.read, hub.keys.write]) {
      expect((await hub.request("GET", "/api/agents/dc-1/checks", undefined, { key })).status).toBe(403);
      expect((await hub.request("POST", "/api/agents/dc-1/observations", report([]), { key })).status).toBe(403);
    }
    expect((await hub.request("GET", "/api/agents/none/checks")).status).toBe(404);
  });

  test("an agent's key opens nothing else of the registry", async () => {
    const key = await setUp("dc-1");
    const id = await register("db", "dc-1");
    for (const path of [
      "/api/services",
      `/api/services/${id}`,
      "/api/projects",
      "/api/agents",
      "/api/keys",
      "/api/flips",
    ])
      expect([path, (await hub.request("GET", path, undefined, { key })).status]).toEqual([path, 403]);
    expect((await hub.request("DELETE", `/api/services/${id}`, undefined, { key })).status).toBe(403);
    expect((await hub.request("PUT", "/api/agents/dc-3", undefined, { key })).status).toBe(403);
  });
});

describe("observations of an agent", () => {
  test("are taken in for its own services, and the others refused with words", async () => {
    const key = await setUp("dc-1");
    const [own, other] = [await register("db", "dc-1"), await register("api", "dc-2")];
    const body = report([
      observed(own),
      observed(other),
      observed(999),
      observed(own, { rev: 2 }),
      observed(own, { at: NOW + 70_000 }),
    ]);
    const answer = await hub.request("POST", "/api/agents/dc-1/observations", body, { key });
    expect([answer.status, await answer.json()]).toEqual([
      200,
      {
        now: NOW,
        news: 1,
        late: 0,
        states: [],
        untaken: [],
        refused: [
          { service_id: other, reason: "this agent has no such service" },
          { service_id: 999, reason: "this agent has no such service" },
          { service_id: own, reason: "it was made in the future; the agent's clock is wrong" },
        ],
      },
    ]);
    expect(taken.map(({ agent, findings }) => [agent, findings.map(({ check }) => check.name)])).toEqual([
      ["dc-1", ["db"]],
    ]);
    const { agents } = await hub.call<{ agents: object[] }>("GET", "/api/agents", 200);
    expect(agents[0]).toMatchObject({ status: "online", version: "1.0", host: "m1", waiting: 3, dropped: 1 });
  });

  test("that the hub fails to take in tell it that it was refused; those that it refuses do not", async () => {
    const refused: object[] = [];
    let isAway = true;
    hub = await testHub(
      {},
      {
        takeReport: async (_agent, findings) => {
          if (isAway) throw new Error("the lane is away");
          return { news: findings.length, late: 0, states: [], untaken: [] };
        },
        reportRefused: async (reporter) => void refused.push(reporter),
      },
    );
    const key = await setUp("dc-1");
    const body = report([observed(await register("db", "dc-1"))]);
    const send = async (sent: object) =>
      (await hub.request("POST", "/api/agents/dc-1/observations", sent, { key })).status;
    expect([await send(body), refused]).toEqual([500, [{ agent: "dc-1" }]]);
    isAway = false;
    expect([await send(body), await send({}), refused.length]).toEqual([200, 400, 1]);
  });

  test("may be compressed, within bounds", async () => {
    const key = await setUp("dc-1");
    const id = await register("db", "dc-1");
    const post = async (text: string, encoding = "gzip") =>
      await hub.request("POST", "/api/agents/dc-1/observations", await zipped(text), {
        key,
        headers: { "content-type": "application/json", "content-encoding": encoding },
      });
    expect((await post(JSON.stringify(report([observed(id)])))).status).toBe(200);
    expect(taken).toHaveLength(1);
    expect((await post("{", "gzip")).status).toBe(400);
    expect((await post("{}", "br")).status).toBe(415);
    expect((await post(" ".repeat(3_000_000))).status).toBe(413);
  });

  test.each<[string, object]>([
    ["a verdict that there is not", { verdict: "great" }],
    ["too long an error", { error: "x".repeat(301) }],
    ["a nested detail", { details: { a: { b: 1 } } }],
    ["too many details", { details: Object.fromEntries(Array.from({ length: 65 }, (_, k) => [`d${k}`, k])) }],
    ["control characters", { error: "a\u0000b" }],
    ["a negative time", { at: -1 }],
  ])("with %s are refused, and cost no others", async (_, over) => {
    const key = await setUp("dc-1");
    const [bad, good] = [await register("db", "dc-1"), await register("web", "dc-1")];
    const body = report([{ ...observed(bad), ...over }, observed(good)]);
    const answer = await hub.request("POST", "/api/agents/dc-1/observations", body, { key });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ news: 1, refused: [{ service_id: bad, reason: expect.any(String) }] });
    expect(taken.flatMap(({ findings }) => findings.map(({ check }) => check.name))).toEqual(["web"]);
  });

  test.each([[null], [5], ["text"], [[]], [{}]])("that are %j are named without a service", async (item) => {
    const key = await setUp("dc-1");
    const body = report([item as never, observed(await register("web", "dc-1"))]);
    const answer = await hub.request("POST", "/api/agents/dc-1/observations", body, { key });
    expect(await answer.json()).toMatchObject({ news: 1, refused: [{ service_id: 0 }] });
  });
});

describe("two agents under one name", () => {
  const FIRST = "0000-first m1";
  const SECOND = "0000-second m2";
  let key: string;
  let now: number;
  beforeEach(async () => {
    now = NOW;
    hub = await testHub({}, { now: () => now });
    key = await setUp("dc-1");
    await register("db", "dc-1");
  });
  const as = (instance: string | null, more: Record<string, string> = {}, by = key) => ({
    key: by,
    headers: { ...(instance === null ? {} : { "hub-agent-instance": instance }), ...more },
  });
  const look = async (...who: Parameters<typeof as>) =>
    (await hub.request("GET", "/api/agents/dc-1/checks", undefined, as(...who))).status;
  const tell = async (instance: string | null, more: object = {}) =>
    (await hub.request("POST", "/api/agents/dc-1/observations", { ...report([]), ...more }, as(instance))).status;
  const put = async (instance: string | null) =>
    (await hub.request("PUT", "/api/agents/dc-1/services", { services: [] }, as(instance))).status;
  const problem = async () =>
    (await hub.call<{ agents: { problem: string | null }[] }>("GET", "/api/agents", 200)).agents[0]?.problem;

  test("are not both taken: the second is refused with words on every way, and shown", async () => {
    expect([await look(FIRST), await tell(FIRST), await put(FIRST)]).toEqual([200, 200, 200]);
    const refused = await hub.request("GET", "/api/agents/dc-1/checks", undefined, as(SECOND));
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([409, "60"]);
    expect(await refused.json()).toMatchObject({
      detail: expect.stringMatching(
        /^an agent on m1 has the name dc-1 now: stop it, .* or start this one with --take-over$/,
      ),
    });
    expect([await tell(SECOND), await put(SECOND), await tell(null), await put(null)]).toEqual([409, 409, 409, 409]);
    expect(await look(SECOND)).toBe(409);
    expect(await problem()).toMatch(/^two agents have this name: one on m1, and one on m2, which is refused/);
    expect([await look(FIRST), await tell(FIRST, { problem: "no disk" })]).toEqual([200, 200]);
    expect(await problem()).toMatch(/own; no disk$/);
    now += 91_000;
    expect(await problem()).toBe("no disk");
  });

  test("change places at once when the first says goodbye, and by itself when it is silent for a minute", async () => {
    await look(FIRST);
    await tell(FIRST, { leaving: true });
    expect(await look(SECOND)).toBe(200);
    now += 59_000;
    expect(await look(FIRST)).toBe(409);
    now += 2_000;
    expect(await look(FIRST)).toBe(200);
    expect(await problem()).toBeNull();
    expect(await look(SECOND)).toBe(409);
  });

  test("change places when the second takes over, and the first is refused then", async () => {
    await look(FIRST);
    expect(await look(SECOND, { "hub-agent-take-over": "yes" })).toBe(200);
    expect([await look(SECOND), await look(FIRST), await tell(FIRST)]).toEqual([200, 409, 409]);
    await tell(FIRST, { leaving: true });
    expect(await look(SECOND)).toBe(200);
  });

  test("that ask at the same moment get one name for one of them", async () => {
    const both = await Promise.all([look(FIRST), look(SECOND), look(FIRST), look(SECOND)]);
    expect(new Set(both)).toEqual(new Set([200, 409]));
    expect(new Set([await look(FIRST), await look(SECOND)])).toEqual(new Set([200, 409]));
  });

  test("an agent that starts again is the same one, and an older release without an id has its place, too", async () => {
    expect([await look(null), await look(FIRST), await look(FIRST)]).toEqual([200, 200, 200]);
    expect(await look(null)).toBe(409);
    now += 61_000;
    expect([await look(null), await tell(null), await look(FIRST)]).toEqual([200, 200, 200]);
  });

  test("a person who looks with a key of an admin is none, whoever has the name", async () => {
    await look(FIRST);
    expect(await look(null, {}, hub.keys.admin)).toBe(200);
    expect(await problem()).toBeNull();
  });
});

async function zipped(text: string): Promise<ArrayBuffer> {
  return await new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
}
