/** Following an engine through its troubles. The engine is scripted, so that it can fail at will; system tests have a real one. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Container } from "../../src/agent/containers/container.ts";
import { Containers } from "../../src/agent/containers/containers.ts";
import type { Engine, EngineEvent } from "../../src/agent/containers/engine.ts";
import { StoppedContainers } from "../../src/agent/containers/stopped.ts";
import { HubRefused } from "../../src/agent/hub-api.ts";
import type { Discovery, DiscoveryAnswer } from "../../src/core/agent/discovery.ts";
import { aCheck, anObservation } from "../core/fixtures.ts";
import { until } from "../until.ts";

/** Milliseconds: an engine that hangs must not make the tests slow. */
const LIMITS = { list: 60, inspect: 40, usage: 30, run: 40, events: 60 };
const hangs = () => new Promise<never>(() => {});
const begunAndHangs: Engine["exec"] = async (_id, _command, { begun }) => {
  begun();
  return await hangs();
};
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
let now: () => number;
let reconcile: () => void;
let stop: AbortController;
let containers: Containers;
let running: Promise<void>;
let folder: string;

function container(name: string, more: Partial<Container> = {}): Container {
  return {
    id: `id-${name}`,
    name,
    image: "box:1",
    labels: { "hub.service": name, "hub.project": "p" },
    state: "running",
    health: null,
    healthOutput: "",
    exitCode: 0,
    outOfMemory: false,
    error: "",
    restarts: 0,
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
    exec: async (_id, _command, { begun }) => {
      begun();
      return { code: 0, output: "" };
    },
    async events() {
      return (async function* () {
        for (;;) {
          const next = queue.shift();
          if (next instanceof Error) throw next;
          if (next !== undefined) yield next;
          else await new Promise<void>((resolve) => (wake = resolve));
        }
      })();
    },
    close: () => emit(new Error("closed")),
    ...over,
  };
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "containers-"));
  [there, told, changed, lines, over] = [new Map(), [], [], [], {}];
  [connects, engineFails, put, problem, now] = [0, null, () => NONE, null, Date.now];
  begin();
});
/** As after a start of the agent. */
function begin(): void {
  stop = new AbortController();
  containers = new Containers({
    every: (_ms, run) => {
      reconcile = run;
      return () => {};
    },
    limits: LIMITS,
    stopped: new StoppedContainers(join(folder, "stopped.json"), (line) => void lines.push(line)),
    agent: "dc-1",
    vantage: "agent:dc-1",
    signal: stop.signal,
    now: () => now(),
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

/** What ten looks find, an interval apart. */
async function tenLooks(): Promise<string[]> {
  const verdicts: string[] = [];
  const from = now();
  for (let look = 0; look < 10; look++) {
    now = () => from + look * check.health_interval * 1_000;
    verdicts.push((await observe()).verdict);
  }
  return verdicts;
}

test("an engine that is away is tried again, and an http service is checked all the same", async () => {
  engineFails = new Error("connect ENOENT");
  set(container("web"));
  start();
  await until(() => expect(connects).toBeGreaterThan(2));
  expect(lines).toEqual(["containers: the engine does not answer: connect ENOENT"]);
  await until(() => expect(problem).toBe("containers: the engine does not answer: connect ENOENT"));
  expect(await observe({ health_method: "http" })).toMatchObject({ verdict: "ok" });
  engineFails = null;
  await until(() => expect(names()).toEqual(["web"]));
  await until(() => expect(problem).toBeNull());
  expect(await observe()).toMatchObject({ verdict: "ok", details: { memory_percent: 50 } });
});

test("after a start of the agent nothing flips: a check waits for the first look at the containers", async () => {
  set(container("web"));
  const early = observe();
  start();
  expect(await early).toMatchObject({ verdict: "ok" });
});

test("an engine that is away says nothing of a service at first, and is the reason before the hub takes it for silent", async () => {
  engineFails = new Error("connect ENOENT");
  start();
  await until(() => expect(connects).toBeGreaterThan(1));
  expect((await tenLooks()).slice(0, 4)).toEqual(["inconclusive", "inconclusive", "unprobeable", "unprobeable"]);
  expect((await observe()).error).toBe("container: the engine does not answer: connect ENOENT");
});

test("a short loss of the engine is no news of a service, a long one is, and the next one begins anew", async () => {
  set(container("web"));
  start();
  await until(() => expect(names()).toEqual(["web"]));
  for (let round = 0; round < 2; round++) {
    expect((await observe()).verdict).toBe("ok");
    const before = connects;
    engineFails = new Error("connect ECONNREFUSED");
    emit(new Error("socket hang up"));
    await until(() => expect(connects).toBeGreaterThan(before + 1));
    expect((await tenLooks()).slice(0, 4)).toEqual(["inconclusive", "inconclusive", "unprobeable", "unprobeable"]);
    engineFails = null;
    await until(async () => expect((await observe()).verdict).toBe("ok"));
  }
});

test.each<[string, Partial<Engine>, RegExp]>([
  ["the list", { ids: hangs }, /the engine does not answer: list of containers: no answer within 0.06 s/],
  ["the events", { events: hangs }, /the engine does not answer: events: no answer within 0.06 s/],
  ["every inspect", { inspect: hangs }, /the engine does not answer: inspect: no answer within 0.04 s/],
])("an engine that hangs at %s is named as the reason, and read when it answers again", async (_, hanging, words) => {
  over = hanging;
  set(container("web"));
  start();
  await until(() => expect(problem).toMatch(words));
  const look = await observe();
  expect([look.verdict, look.error]).toEqual(["inconclusive", expect.stringMatching(words)]);
  over = {};
  await until(() => expect(names()).toEqual(["web"]));
  await until(() => expect(problem).toBeNull());
  expect((await observe()).verdict).toBe("ok");
});

test("an engine that begins to hang while it is followed holds up no other check, and the next reading finds it", async () => {
  let isHung = false;
  const ids = async () => (isHung ? await hangs() : [...there.keys()]);
  over = { ids, inspect: async (id) => (isHung ? await hangs() : (there.get(id) ?? null)) };
  set(container("web"));
  start();
  await until(() => expect(names()).toEqual(["web"]));
  isHung = true;
  expect(await observe()).toMatchObject({
    verdict: "inconclusive",
    error: expect.stringContaining("inspect: no answer"),
  });
  expect(problem).toBe("containers: web: the engine does not answer: inspect: no answer within 0.04 s");
  expect((await observe({ health_method: "http" })).verdict).toBe("ok");
  const before = connects;
  reconcile();
  await until(() => expect(connects).toBeGreaterThan(before));
  isHung = false;
  await until(async () => expect((await observe()).verdict).toBe("ok"));
  await until(() => expect(problem).toBeNull());
});

test("one container that hangs costs itself only, at the first reading too", async () => {
  over = { inspect: async (id) => (id === "id-stuck" ? await hangs() : (there.get(id) ?? null)) };
  for (const name of ["web", "stuck", "db"]) set(container(name));
  start();
  await until(() => expect(names()).toEqual(["web", "db"]));
  await until(() => expect(problem).toMatch(/^containers: id-stuck: the engine does not answer/));
  expect((await observe()).verdict).toBe("ok");
});

test("an engine that does not tell the use costs no check", async () => {
  over = { usage: hangs };
  set(container("web"));
  start();
  await until(() => expect(names()).toEqual(["web"]));
  expect(await observe()).toMatchObject({ verdict: "ok", details: {} });
  expect(problem).toBeNull();
});

test("a long start of a container is told as such, and not as a silence of the agent", async () => {
  set(container("web", { health: "starting" }));
  start();
  await until(() => expect(names()).toEqual(["web"]));
  expect((await tenLooks()).slice(0, 3)).toEqual(["inconclusive", "inconclusive", "unprobeable"]);
});

test("a one-off container is no service, one that failed neither, and the real one stands", async () => {
  const compose = { "com.docker.compose.project": "p", "com.docker.compose.service": "web" };
  const oneOff = { ...compose, "com.docker.compose.oneoff": "True" };
  set(container("run", { labels: oneOff }));
  set(container("failed", { labels: { ...oneOff, "hub.service": "job" }, state: "exited", exitCode: 1 }));
  set(container("web", { labels: compose, health: "unhealthy" }));
  set(container("asked", { labels: { ...oneOff, "hub.enable": "true" } }));
  set(container("job", { labels: { ...oneOff, "hub.service": "nightly" } }));
  start();
  await until(() => expect(names()).toEqual(["web", "nightly"]));
  expect(told.at(-1)?.services.map(({ container_id }) => container_id)).toEqual(["id-web", "id-job"]);
});

test("a container that can't be started is down with its reason; one that was only made is none", async () => {
  set(container("web", { state: "created", exitCode: 127, error: 'exec: "nope": not found in $PATH' }));
  set(container("made", { state: "created" }));
  start();
  await until(() => expect(names()).toEqual(["web"]));
  expect(await observe()).toMatchObject({
    verdict: "fail",
    error: 'container: can\'t be started: exec: "nope": not found in $PATH',
  });
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

/** The container `web` is stopped while the agent follows it; then the agent ends and is made anew. */
async function startAnewAfterStop(): Promise<void> {
  set(container("web"));
  start();
  await until(() => expect(names()).toEqual(["web"]));
  set(container("web", { state: "exited", exitCode: 137 }));
  emit({ action: "stop", id: "id-web" });
  await until(() => expect(names()).toEqual([]));
  stop.abort();
  await running;
  begin();
}

test("what was stopped is no death after a start of the agent either, as long as the container exists", async () => {
  await startAnewAfterStop();
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

test("one that was stopped, started while nobody listened and then died is dead", async () => {
  await startAnewAfterStop();
  set(container("web"));
  start();
  await until(() => expect(names()).toEqual(["web"]));
  set(container("web", { state: "exited", exitCode: 137 }));
  changed = [];
  emit({ action: "die", id: "id-web" });
  await until(() => expect(changed).toEqual(["p/web"]));
  expect(await observe()).toMatchObject({ verdict: "fail", error: "container: exited (exit code 137)" });
  expect(names()).toEqual(["web"]);
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

test("of two containers of one service that are equal the same one counts after a start of the agent", async () => {
  for (const order of [
    ["id-2", "id-1"],
    ["id-1", "id-2"],
  ]) {
    there.clear();
    for (const id of order) set(container("web", { id }));
    start();
    await until(() => expect(told.at(-1)?.services.map(({ container_id }) => container_id)).toEqual(["id-1"]));
    stop.abort();
    await running;
    told = [];
    begin();
  }
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

test("what the hub refused is told again with each reconciliation, until nothing stands in its way", async () => {
  put = () => ({ ...NONE, refused: [{ project: "p", name: "web", reason: "taken" }] });
  set(container("web"));
  start();
  await until(() => expect(problem).toBe("containers: p/web: taken"));
  reconcile();
  await until(() => expect(told).toHaveLength(2));
  put = () => NONE;
  reconcile();
  await until(() => expect(problem).toBeNull());
  expect(told).toHaveLength(3);
  reconcile();
  emit({ action: "start", id: "id-web" });
  await until(() => expect(changed).toEqual(["p/web"]));
  expect(told).toHaveLength(3);
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
  ["hangs", begunAndHangs, "fail", "exec: timeout after 1 s"],
  [
    ...["does not begin", hangs, "inconclusive"],
    "container: the engine does not answer: start of a command: no answer within 0.04 s",
  ] as const,
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

test("what the hub has lost is told again at once, and what it has is not", async () => {
  let digest = "both";
  put = () => ({ ...NONE, digest });
  set(container("web"));
  start();
  await until(() => expect(told).toHaveLength(1));
  containers.hubHas({ containers: "both", checks: [] });
  containers.hubHas({ containers: "less", checks: [] });
  await until(() => expect(told).toHaveLength(2));
  expect(names()).toEqual(["web"]);
  digest = "less"; // a person has deleted it, and the hub keeps it so
  containers.hubHas({ containers: "another", checks: [] });
  await until(() => expect(told).toHaveLength(3));
  for (const has of ["less", "less"]) containers.hubHas({ containers: has, checks: [] });
  reconcile();
  await until(() => expect(connects).toBe(1));
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(told).toHaveLength(3);
});

test("a hub that tells no digest is told only what changes, and a digest before the first reading counts for nothing", async () => {
  containers.hubHas({ containers: "old", checks: [] });
  set(container("web"));
  start();
  await until(() => expect(told).toHaveLength(1));
  containers.hubHas({ containers: undefined, checks: [] });
  reconcile();
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(told).toHaveLength(1);
});

test("what a person has deleted is said once", async () => {
  put = () => ({ ...NONE, digest: "x", deleted: [{ project: "p", name: "web" }] });
  set(container("web"));
  start();
  await until(() => expect(told).toHaveLength(1));
  containers.hubHas({ containers: "y", checks: [] });
  await until(() => expect(told).toHaveLength(2));
  expect(lines.filter((line) => line.includes("a person has deleted p/web"))).toHaveLength(1);
  expect(problem).toBeNull();
});

describe("all containers of a service", () => {
  const takes = { containers: undefined, takes_containers: true, checks: [] };
  const named = () => told.at(-1)?.services.map(({ container_id, containers: all }) => [container_id, all]);

  test("are named, also those that do not run, and changes of them are told", async () => {
    containers.hubHas(takes);
    set(container("web", { id: "id-2", health: "unhealthy" }));
    set(container("web", { id: "id-1", state: "exited" }));
    start();
    await until(() => expect(named()).toEqual([["id-2", ["id-1", "id-2"]]]));
    set(container("web", { id: "id-3" }));
    emit({ action: "start", id: "id-3" });
    await until(() => expect(named()).toEqual([["id-3", ["id-1", "id-2", "id-3"]]]));
    for (const id of ["id-1", "id-3"]) there.delete(id);
    emit({ action: "destroy", id: "id-1" });
    emit({ action: "destroy", id: "id-3" });
    await until(() => expect(named()).toEqual([["id-2", ["id-2"]]]));
  });

  test("are named with the end of the service, as far as they still exist", async () => {
    containers.hubHas(takes);
    set(container("web", { id: "id-1" }));
    set(container("web", { id: "id-2", state: "exited" }));
    start();
    await until(() => expect(named()).toEqual([["id-1", ["id-1", "id-2"]]]));
    there.delete("id-1");
    emit({ action: "destroy", id: "id-1" });
    await until(() => expect(named()).toEqual([]));
    expect(told.at(-1)?.gone).toEqual([
      { project: "p", name: "web", reason: "container removed", containers: ["id-2"] },
    ]);
  });

  test("are at most a hundred, with the one that stands for the service", async () => {
    containers.hubHas(takes);
    for (let n = 0; n < 120; n++) set(container("web", { id: `id-${100 + n}`, state: "exited" }));
    set(container("web", { id: "id-999" }));
    start();
    await until(() => expect(told).toHaveLength(1));
    const all = told[0]?.services[0]?.containers as string[];
    expect([all.length, all.at(0), all.at(-1)]).toEqual([100, "id-100", "id-999"]);
  });

  test("are not named to a hub that does not take them, and at once when it does", async () => {
    set(container("web"));
    start();
    await until(() => expect(named()).toEqual([["id-web", undefined]]));
    containers.hubHas({ ...takes, takes_containers: undefined });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(told).toHaveLength(1);
    containers.hubHas(takes);
    await until(() => expect(named()).toEqual([["id-web", ["id-web"]]]));
  });
});

test("of more services than a hub takes the first by name are listed, and the problem says how many are left out", async () => {
  const nameOf = (n: number) => `s${String(n).padStart(4, "0")}`;
  for (let n = 1_002; n > 0; n--) set(container(nameOf(n)));
  start();
  await until(() => expect(told).toHaveLength(1));
  const first = told[0]?.services.map(({ name }) => name);
  expect([first?.length, first?.at(0), first?.at(-1)]).toEqual([1_000, "s0001", "s1000"]);
  expect(problem).toBe("containers: 2 services are left out: a hub takes 1000 of an agent, the first by name");
  set(container("earlier"));
  emit({ action: "start", id: "id-earlier" });
  await until(() => expect(names()?.at(0)).toBe("earlier"));
  const reason = "left out: an agent lists 1000 services at most";
  expect(told.at(-1)?.gone).toEqual([{ project: "p", name: "s1000", reason }]);
  expect(problem).toMatch(/^containers: 3 services are left out/);
  const ended = ["earlier", nameOf(1), nameOf(2)];
  for (const name of ended) there.delete(`id-${name}`);
  for (const name of ended) emit({ action: "destroy", id: `id-${name}` });
  await until(() => expect(names()?.toSorted().at(-1)).toBe("s1002"));
  await until(() => expect(problem).toBeNull());
});

test("a list that the hub refuses as a whole is a problem until it takes one", async () => {
  put = () => {
    throw new HubRefused(413, "the body is larger than 1048576 bytes", null);
  };
  set(container("web"));
  start();
  await until(() =>
    expect(problem).toBe(
      "containers: the list of services is not taken: the hub answers 413: the body is larger than 1048576 bytes",
    ),
  );
  put = () => NONE;
  await until(() => expect(problem).toBeNull());
  expect(told).toHaveLength(1);
});
