/** What an agent does with a hub that answers with something else than checks: nothing, and it says so. */
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { until } from "../until.ts";
import { type AgentHere, type FakeHub, startAgentHere, startFakeHub } from "./agent-here.ts";

/** What a hub that lies would like to make. */
const HARMED = join(tmpdir(), `harmed-${process.pid}`);
const check = {
  service_id: 1,
  project_id: 1,
  project: "p",
  name: "s",
  service_type: "other",
  health_method: "exec",
  health_url: "",
  health_interval: 5,
  health_timeout: 2,
  health_retries: 0,
  health_options: {},
  agent: "dc-1",
  rev: 1,
  lane: 550_000,
  former_lanes: [],
  recorded_status: "up",
  recorded_since: 0,
  recorded_seq: 0,
  version: null,
};
const checks = (list: unknown) => ({ hub_id: "hub-x", agent: "dc-1", now: Date.now(), checks: list });
const command = (value: unknown) => checks([{ ...check, health_options: { command: value } }]);

let hub: FakeHub;
let agent: AgentHere;
beforeEach(async () => {
  hub = await startFakeHub();
});
afterEach(async () => {
  await agent.stop();
  await hub.close();
});

const start = () => {
  agent = startAgentHere(hub.url, { touch: ["touch", HARMED], fine: ["true"] });
};
const answers = (body: unknown, headers: Record<string, string> = {}) => {
  hub.checks = (_request, response) =>
    void response.writeHead(200, headers).end(typeof body === "string" ? body : JSON.stringify(body));
};

describe("instead of checks", () => {
  test.each<[string, unknown]>([
    ["a huge list", checks(Array.from({ length: 5_001 }, (_, k) => ({ ...check, service_id: k })))],
    ["more bytes than anyone reads", `"${"x".repeat(17_000_000)}"`],
    ["no list", checks("all")],
    ["the checks of another agent", { ...checks([]), agent: "dc-2" }],
    ["no JSON", "<html>"],
  ])("%s makes the agent do nothing but report it", async (_, body) => {
    answers(body);
    start();
    await until(() => expect(hub.reports.at(-1)?.problem).toMatch(/^the hub's checks are not understood/));
    expect(hub.reports.flatMap(({ observations }) => observations)).toEqual([]);
    expect(existsSync(HARMED)).toBe(false);
  });

  test.each<[string, unknown]>([
    ["a command line", command(`touch ${HARMED}`)],
    ["a path", command("../../bin/touch")],
    ["arguments", command(["touch", HARMED])],
    ["an interval of nothing", checks([{ ...check, health_interval: 0 }])],
    ["a method that it does not know", checks([{ ...check, health_method: "gopher" }])],
  ])("%s in one check makes the agent leave out that check and report it", async (_, body) => {
    answers(body, { etag: '"1"' });
    start();
    await until(() => expect(hub.reports.at(-1)?.problem).toMatch(/^this agent can't read these checks, .*: p\/s \(/));
    expect(hub.reports.flatMap(({ observations }) => observations)).toEqual([]);
    expect(existsSync(HARMED)).toBe(false);
  });

  test("a redirect is not followed, so the key goes nowhere else", async () => {
    const asked: string[] = [];
    hub.checks = (request, response) => {
      asked.push(request.url ?? "");
      response.writeHead(307, { location: "/elsewhere" }).end();
    };
    start();
    await until(() => expect(agent.lines.join("\n")).toContain("going on with the 0 checks of before"));
    expect(asked.every((url) => url.startsWith("/api/agents/dc-1/checks"))).toBe(true);
  });

  test("a refusal at the first contact ends the agent, and says why", async () => {
    hub.checks = (_request, response) =>
      void response.writeHead(401).end(JSON.stringify({ detail: "the key is not valid" }));
    start();
    expect(await agent.ended).toBe(1);
    expect(agent.lines.at(-1)).toContain("does not take the agent dc-1: the hub answers 401: the key is not valid");
  });
});

describe("as a vantage", () => {
  const begin = async (): Promise<(text: string) => void> => {
    answers({ ...checks([]), vantage: true }, { etag: '"1"' });
    start();
    return await until(() => {
      const [socket] = hub.sockets;
      expect(socket).toBeDefined();
      return (text) => socket?.send(text);
    });
  };
  const closed = { ...check, agent: null, health_method: "tcp", health_url: "127.0.0.1:1" };

  test.each([
    ["a command", JSON.stringify({ seq: 1, checks: [{ ...check, health_options: { command: "touch" } }] })],
    ["a container", JSON.stringify({ seq: 1, checks: [{ ...check, health_method: "container" }] })],
    ["a huge list", JSON.stringify({ seq: 1, checks: Array(501).fill(closed) })],
    ["no task", "<html>"],
  ])("asked for %s it does nothing but report it", async (_, text) => {
    (await begin())(text);
    await until(() => expect(hub.reports.at(-1)?.problem).toMatch(/^the hub asked for something else/));
    expect(hub.answers).toEqual([]);
    expect(existsSync(HARMED)).toBe(false);
  });

  test("sent more than it would ever read it hangs up, and comes again", async () => {
    (await begin())("x".repeat(1_000_001));
    await until(() => expect(hub.sockets.size).toBe(0));
    await until(() => expect(hub.sockets.size).toBe(1));
  });

  test("asked for too much at once it looks at some of it only", async () => {
    const send = await begin();
    const slow = { ...closed, after_ms: 300 };
    for (let seq = 1; seq <= 40; seq++) send(JSON.stringify({ seq, checks: [slow] }));
    await until(() => expect(hub.answers).toHaveLength(40));
    expect(hub.answers.filter(({ observations }) => observations.length === 0)).toHaveLength(8);
    expect(hub.answers.at(-1)?.observations).toMatchObject([
      { verdict: "fail", error: expect.stringMatching(/^connect/) },
    ]);
  });

  test("it hangs up when the hub no longer wants it", async () => {
    await begin();
    answers({ ...checks([]), vantage: false }, { etag: '"2"' });
    await until(() => expect(hub.sockets.size).toBe(0));
  });
});

test("an honest hub is believed, also after it was away or has lied; what it asked for before goes on", async () => {
  answers(command("fine"), { etag: '"1"' });
  start();
  await until(() => expect(hub.reports.flatMap(({ observations }) => observations)[0]?.verdict).toBe("ok"));
  let calls = 0;
  hub.checks = (_request, response) => {
    calls += 1;
    if (calls === 1) response.writeHead(503, { "retry-after": "1" }).end("{}");
    else if (calls === 2) response.writeHead(304).end();
    else if (calls === 3) response.writeHead(200, { etag: '"2"' }).end(JSON.stringify(checks([])));
    else setTimeout(() => response.writeHead(304).end(), 300);
  };
  await until(() => expect(agent.lines.join("\n")).toContain("0 checks from hub-x"));
  expect(agent.lines.join("\n")).toContain("no checks from the hub: the hub answers 503");
});
