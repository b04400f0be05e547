/** An agent whose name another process has, against a hub that says so. */
import { mkdtempSync, rmSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { until } from "../until.ts";
import { type AgentHere, type FakeHub, startAgentHere, startFakeHub } from "./agent-here.ts";

const check = {
  service_id: 1,
  project_id: 1,
  project: "p",
  name: "s",
  service_type: "other",
  health_method: "container",
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
const refuse = (response: ServerResponse) =>
  void response
    .writeHead(409, { "content-type": "application/problem+json", "retry-after": "1" })
    .end(JSON.stringify({ detail: "an agent on m1 has the name dc-1 now" }));
const answer = (response: ServerResponse) =>
  void response
    .writeHead(200, { etag: '"1"' })
    .end(JSON.stringify({ hub_id: "hub-x", agent: "dc-1", now: Date.now(), checks: [check] }));

let hub: FakeHub;
let agent: AgentHere;
let folder: string;
beforeEach(async () => {
  hub = await startFakeHub();
  folder = mkdtempSync(join(tmpdir(), "agent-name-"));
});
afterEach(async () => {
  await agent.stop();
  await hub.close();
  rmSync(folder, { recursive: true });
});

const start = (...args: string[]) => {
  agent = startAgentHere(hub.url, {}, { folder, args });
};
const seen = () => hub.reports.flatMap(({ observations }) => observations);

test("an agent whose name another one has waits, checks nothing and says why; then it goes on", async () => {
  let isTaken = true;
  hub.checks = (_request, response) => (isTaken ? refuse(response) : answer(response));
  hub.refuse = refuse;
  start();
  const words = "this agent waits and checks nothing: the hub answers 409: an agent on m1 has the name dc-1 now";
  await until(() => expect(agent.lines).toContain(words));
  isTaken = false;
  hub.refuse = null;
  hub.reports = [];
  await until(() => expect(seen()).not.toEqual([]));
  expect(agent.lines.filter((line) => line === words)).toHaveLength(1);
  expect(hub.reports.at(-1)?.problem).toBeNull();
});

test("one whose name is taken over stops its checks, and does not go on with those that it kept", async () => {
  let isTaken = false;
  hub.checks = (_request, response) => (isTaken ? refuse(response) : answer(response));
  start();
  await until(() => expect(seen()).not.toEqual([]));
  isTaken = true;
  await agent.stop();
  hub.reports = [];
  start();
  await until(() => expect(agent.lines.join("\n")).toContain("this agent waits and checks nothing"));
  expect(agent.lines.join("\n")).not.toContain("going on with");
  expect(seen()).toEqual([]);
});

test("a new start on the same state folder is the same process to the hub, another folder is another one", async () => {
  hub.checks = (_request, response) => answer(response);
  start();
  await until(() => expect(hub.instance).toMatch(/^[\w-]{36} \S+$/));
  const first = hub.instance;
  await agent.stop();
  expect(hub.reports.at(-1)?.leaving).toBe(true);
  hub.instance = undefined;
  start();
  await until(() => expect(hub.instance).toBe(first));
  const other = startAgentHere(hub.url);
  await until(() => expect(hub.instance).not.toBe(first));
  await other.stop();
});

test("--take-over asks for the name until the agent has it, and not for ever", async () => {
  const asked: boolean[] = [];
  hub.refuse = (response) => void response.writeHead(asked.length < 3 ? 503 : 200).end("{}");
  hub.checks = (_request, response) => {
    asked.push(hub.takesOver);
    if (asked.length < 3) response.writeHead(503).end();
    else answer(response);
  };
  start("--take-over");
  await until(() => expect(asked.length).toBeGreaterThan(4));
  expect(asked.slice(0, 5)).toEqual([true, true, true, false, false]);
});

test("a container that it can't look at is said to be so in words that help", async () => {
  hub.checks = (_request, response) => answer(response);
  start();
  await until(() =>
    expect(seen()[0]).toMatchObject({
      verdict: "unprobeable",
      error: "container: this agent follows no containers: it has no engine, or runs with --no-docker",
    }),
  );
});
