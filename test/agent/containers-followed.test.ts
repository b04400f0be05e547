/** Following an engine through its troubles. The engine is scripted, so that it can fail at will; system tests have a real one. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Container } from "../../src/agent/containers/container.ts";
import { Containers } from "../../src/agent/containers/containers.ts";
import type { Engine, EngineEvent } from "../../src/agent/containers/engine.ts";
import { StoppedContainers } from "../../src/agent/containers/stopped.ts";
import type { Discovery, DiscoveryAnswer } from "../../src/core/discovery.ts";
import { systemClock } from "../../src/node/system-clock.ts";
import { aCheck, anObservation } from "../core/fixtures.ts";
import { until } from "../until.ts";

const NONE: DiscoveryAnswer = { registered: 0, changed: 0, deregistered: 0, refused: [] };

let there: Map<string, Container>;
let emit: (event: EngineEvent | Error) => void;
let connects: number;
let put: (discovery: Discovery) => DiscoveryAnswer;
let told: Discovery[];
let changed: string[];
let lines: string[];
let problem: string | null;
let engineFails: Error | null;
let over: Partial<Engine>;
let stop: AbortController;
let containers: Containers;
let running: Promise<void>;
let folder: string;

function container(name: string, more: Partial<Container> = {}): Container {
  return {
    ...{ id: `id-${name}`, name, image: "box:1", labels: { "hub.service": name, "hub.project": "p" } },
    ...{ state: "running", health: null, healthOutput: "", exitCode: 0, outOfMemory: false, error: "", restarts: 0 },
    ip: null,
    ...more,
  };
}

function engine(): Engine {
  connects += 1;
  if (engineFails !== null) throw engineFails;
  const queue: (EngineEvent | Error)[] = [];
  let wake = () => {};
  emit = (event) => {
    queue.push(event);
    wake();
  };
  return {
    ids: async () => [...there.keys()],
    inspect: async (id) => there.get(id) ?? null,
    usage: async () => ({
      at: Date.now(),
      cpuNs: 0,
      memoryBytes: 5,
      memoryLimitBytes: 10,
      receivedBytes: 0,
      sentBytes: 0,
    }),
    exec: async () => ({ code: 0, output: "" }),
    async *events() {
      for (;;) {
        const next = queue.shift();
        if (next instanceof Error) throw next;
        if (next !== undefined) yield next;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    close: () => emit(new Error("closed")),
    ...over,
  };
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "containers-"));
  [there, told, changed, lines, over] = [new Map(), [], [], [], {}];
  [connects, engineFails, put, problem] = [0, null, () => NONE, null];
  begin();
});
/** As after a start of the agent. */
function begin(): void {
  stop = new AbortController();
  containers = new Containers({
    every: systemClock.every,
    stopped: new StoppedContainers(join(folder, "stopped.json"), (line) => void lines.push(line)),
    ...{ agent: "dc-1", vantage: "agent:dc-1", signal: stop.signal, now: Date.now },
    problem: (text) => {
      problem = text;
    },
    connect: async () => engine(),
    put: async (discovery) => {
      const answer = put(discovery);
      told.push(discovery);
      return answer;
    },
    registered: () => {},
    changed: (project, name) => void changed.push(`${project}/${name}`),
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, Math.min(ms, 20))),
    log: (line) => void lines.push(line),
  });
}
afterEach(async () => {
  stop.abort();
  await running;
  rmSync(folder, { recursive: true, force: true });
});

const start = () => {
  running = containers.run();
};
const set = (one: Container) => void there.set(one.id, one);
const names = () => told.at(-1)?.services.map(({ name }) => name);
const check = aCheck({ project: "p", name: "web", health_method: "container", agent: "dc-1", health_timeout: 1 });
const observe = (over_: Partial<typeof check> = {}) =>
  containers.observe({ ...check, ...over_ }, async () => anObservation({ vantage: "agent:dc-1" }));

test("an engine that is away is tried again, and its containers can't be judged meanwhile", async () => {
  engineFails = new Error("connect ENOENT");
  set(container("web"));
  start();
  await until(() => expect(connects).toBeGreaterThan(2));
  expect(lines).toEqual(["containers: the engine does not answer: connect ENOENT"]);
  expect(await observe()).toMatchObject({
    ...{ verdict: "unprobeable", error: "container: the engine does not answer: connect ENOENT" },
  });
  expect(await observe({ health_method: "http" })).toMatchObject({ verdict: "ok" });
  engineFails = null;
  await until(() => expect(names()).toEqual(["web"]));
  expect(await observe()).toMatchObject({ verdict: "ok", details: { memory_percent: 50 } });
});

test("after a lost connection everything is read anew, and nobody is deregistered because of it", async () => {
  set(container("web"));
  set(container("old"));
  start();
  await until(() => expect(names()).toEqual(["web", "old"]));
  there.delete("id-old");
  set(container("new"));
  emit(new Error("socket hang up"));
  await until(() => expect(names()).toEqual(["web", "new"]));
  expect(told.at(-1)?.gone).toEqual([{ project: "p", name: "old", reason: "container removed" }]);
  expect(told).toHaveLength(2);
});

test("a stop is no death, a kill is; a container of another label set is none of ours", async () => {
  set(container("web"));
  set(container("stranger", { labels: {} }));
  start();
  await until(() => expect(names()).toEqual(["web"]));
  set(container("web", { state: "exited", exitCode: 137 }));
  emit({ action: "die", id: "id-web" });
  await until(() => expect(changed).toEqual(["p/web"]));
  expect(await observe()).toMatchObject({ verdict: "fail", error: "container: exited (exit code 137)" });
  emit({ action: "stop", id: "id-web" });
  await until(() => expect(names()).toEqual([]));
  expect(told.at(-1)?.gone[0]?.reason).toBe("container stopped (exit code 137)");
  expect(await observe()).toMatchObject({
    verdict: "unprobeable",
    error: "container: there is no such container here",
  });
  set(container("web"));
  emit({ action: "start", id: "id-web" });
  await until(() => expect(names()).toEqual(["web"]));
});

test("of a container that has just gone nothing is said before the hub knows why", async () => {
  set(container("web"));
  start();
  await until(() => expect(names()).toEqual(["web"]));
  put = () => {
    throw new Error("the hub is slow");
  };
  there.delete("id-web");
  emit({ action: "destroy", id: "id-web" });
  await until(async () => {
    expect(await observe()).toMatchObject({ verdict: "inconclusive", error: "container: it has just ended" });
  });
  put = () => NONE;
  await until(async () => expect(await observe()).toMatchObject({ verdict: "unprobeable" }));
});

test("what was stopped is no death after a start of the agent either, as long as the container exists", async () => {
  set(container("web"));
  start();
  await until(() => expect(names()).toEqual(["web"]));
  set(container("web", { state: "exited", exitCode: 137 }));
  emit({ action: "stop", id: "id-web" });
  await until(() => expect(names()).toEqual([]));
  stop.abort();
  await running;
  begin();
  set(container("died", { state: "exited", exitCode: 137 }));
  start();
  await until(() => expect(names()).toEqual(["died"]));
  there.delete("id-web");
  stop.abort();
  await running;
  begin();
  start();
  await until(() => expect(readFileSync(join(folder, "stopped.json"), "utf8")).toBe("[]"));
});

test("a folder that can't be written to costs the memory of a stop only", async () => {
  set(container("web"));
  start();
  await until(() => expect(names()).toEqual(["web"]));
  rmSync(folder, { recursive: true });
  set(container("web", { state: "exited", exitCode: 137 }));
  emit({ action: "stop", id: "id-web" });
  await until(() => expect(names()).toEqual([]));
  expect(lines.join()).toContain("what was stopped is not kept for the next start: ENOENT");
});

test("of two containers of one service the one that runs counts", async () => {
  set(container("web", { id: "id-1", state: "exited", exitCode: 1 }));
  set(container("web", { id: "id-2" }));
  set(container("web", { id: "id-3", state: "exited", exitCode: 1 }));
  start();
  await until(() => expect(told.at(-1)?.services.map(({ container_id }) => container_id)).toEqual(["id-2"]));
});

test("a hub that is away is told when it is back, with the newest list, and its refusals are said", async () => {
  put = () => {
    throw new Error("fetch failed");
  };
  set(container("web"));
  start();
  await until(() => expect(lines).toContain("containers: not told to the hub yet: fetch failed"));
  set(container("more"));
  emit({ action: "start", id: "id-more" });
  await until(() => expect(changed).toEqual(["p/more"]));
  put = () => ({ ...NONE, refused: [{ project: "p", name: "web", reason: "taken" }] });
  await until(() => expect(names()).toEqual(["web", "more"]));
  expect(told).toHaveLength(1);
  expect(problem).toBe("containers: p/web: taken");
});

test.each<[string, Partial<Container>, Partial<Engine>, string, string | null]>([
  ["is well", {}, {}, "ok", null],
  ["is starting", { health: "starting" }, {}, "inconclusive", "container: its health check has not passed yet"],
  ["is ill", { health: "unhealthy", healthOutput: "no disk\nmore" }, {}, "fail", "container: unhealthy: no disk"],
  ["is ill without a word", { health: "unhealthy" }, {}, "fail", "container: unhealthy"],
  ["restarts", { state: "restarting", exitCode: 2 }, {}, "fail", "container: restarting (exit code 2)"],
])("a container that %s is said to be so", async (_, more, engineOver, verdict, error) => {
  over = engineOver;
  set(container("web", more));
  start();
  await until(() => expect(names()).toEqual(["web"]));
  expect(await observe()).toMatchObject({ verdict, error });
});

test.each<[string, Engine["exec"], string, string | null]>([
  ["passes", async () => ({ code: 0, output: "" }), "ok", null],
  ["fails with words", async () => ({ code: 1, output: "broken\nmore" }), "fail", "exec: broken"],
  ["fails without words", async () => ({ code: 3, output: " \n" }), "fail", "exec: exit code 3"],
  ["hangs", () => new Promise(() => {}), "fail", "exec: timeout after 1 s"],
  ["can't be run", () => Promise.reject(new Error("no shell")), "fail", "exec: no shell"],
])("a command in the container that %s decides", async (_, exec, verdict, error) => {
  over = { exec };
  set(container("web", { labels: { "hub.service": "web", "hub.project": "p", "hub.exec": "true" } }));
  start();
  await until(() => expect(names()).toEqual(["web"]));
  expect(await observe()).toMatchObject({ verdict, error });
});

test("an engine that can't tell the use spoils no check", async () => {
  over = { usage: () => Promise.reject(new Error("no cgroups")) };
  set(container("web"));
  start();
  await until(() => expect(names()).toEqual(["web"]));
  expect(await observe()).toMatchObject({ verdict: "ok", details: {} });
});

test("one bad label costs its own container only, and is told with container, label, value and rule", async () => {
  there.set("id-bad", container("bad", { labels: { "hub.service": "bad", "hub.retries": "99" } }));
  there.set("id-web", container("web"));
  start();
  await until(() => expect(names()).toEqual(["web"]));
  await until(() => expect(problem).toMatch(/^containers: bad: hub\.retries=99: .*<=10/));
  there.set("id-bad", container("bad", { labels: { "hub.service": "bad", "hub.retries": "9" } }));
  emit({ action: "start", id: "id-bad" });
  await until(() => expect(told.at(-1)?.services).toHaveLength(2));
  await until(() => expect(problem).toBeNull());
});

test("a service whose label went bad ends with that as its reason", async () => {
  there.set("id-web", container("web"));
  start();
  await until(() => expect(told.at(-1)?.services).toHaveLength(1));
  there.set("id-web", container("web", { labels: { "hub.service": "web", "hub.project": "p", "hub.method": "htpp" } }));
  emit({ action: "start", id: "id-web" });
  await until(() => expect(told.at(-1)?.services).toEqual([]));
  expect(told.at(-1)?.gone[0]?.reason).toMatch(/^container web: hub\.method=htpp: expected http, /);
});
