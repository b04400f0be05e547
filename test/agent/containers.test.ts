import { describe, expect, test } from "vitest";
import {
  type Container,
  type ContainerState,
  endingOf,
  isOneOff,
  isService,
  standsBefore,
  troubleOf,
  type UsageSample,
} from "../../src/agent/containers/container.ts";
import { isLabelled, readLabels } from "../../src/agent/containers/labels.ts";
import { usageDetails, withUsage } from "../../src/agent/containers/usage.ts";
import { anObservation, T0 } from "../core/fixtures.ts";

const COMPOSE = { "com.docker.compose.project": "My Shop", "com.docker.compose.service": "Web_App" };

const ONE_OFF = { ...COMPOSE, "com.docker.compose.oneoff": "True" };

function aContainer(over: Partial<Container> = {}): Container {
  return {
    id: "0123456789abcdef",
    name: "shop-web-1",
    image: "registry.example.com:5000/team/nginx:1.27.1",
    labels: COMPOSE,
    state: "running",
    health: null,
    healthOutput: "",
    exitCode: 0,
    outOfMemory: false,
    error: "",
    restarts: 0,
    ip: "172.18.0.3",
    ...over,
  };
}

const labelled = (labels: Record<string, string>, over: Partial<Container> = {}) =>
  present(readLabels(aContainer({ labels, ...over }), "dc-1").service);

function present<T>(value: T | null): T {
  if (value === null) throw new Error("a label is wrong");
  return value;
}

/** The labels that are wrong, and whether the container is a service all the same. */
function troublesOf(labels: Record<string, string>): [labels: string[], isService: boolean] {
  const { troubles, service } = readLabels(aContainer({ labels: { "hub.service": "a", ...labels } }), "dc-1");
  return [troubles.map(({ label }) => label), service !== null];
}

describe("a container's labels", () => {
  test("of Compose are enough", () => {
    expect(readLabels(aContainer(), "dc-1").service).toEqual({
      project: "my-shop",
      name: "web_app",
      health_method: "container",
      health_url: "",
      health_interval: 15,
      health_retries: 0,
      health_options: {},
      service_type: "web",
      version: "1.27.1",
      tags: [],
      capabilities: [],
      container_id: "0123456789ab",
      depends_on: [],
      metadata: { image: "registry.example.com:5000/team/nginx:1.27.1", container: "shop-web-1" },
    });
  });

  test("of the hub say everything that a registration may say", () => {
    const service = labelled({
      "hub.service": "api",
      "hub.project": "shop",
      "hub.method": "http",
      "hub.url": "http://{ip}:8080/health",
      "hub.interval": "30",
      "hub.timeout": "3",
      "hub.retries": "2",
      "hub.type": "api",
      "hub.tags": "a, b,a",
      "hub.capabilities": "orders",
      "hub.depends-on": "db,other/cache",
      "hub.degraded-above-cpu": "80",
      "hub.degraded-above-memory": "90.5",
      "hub.degraded-above-restarts": "3",
      "hub.degraded-above-ms": "0",
      "org.opencontainers.image.version": "2.0.1",
    });
    expect(service).toMatchObject({
      project: "shop",
      name: "api",
      health_method: "http",
      health_url: "http://172.18.0.3:8080/health",
      health_interval: 30,
      health_timeout: 3,
      health_retries: 2,
      service_type: "api",
      tags: ["a", "b"],
      capabilities: ["orders"],
      depends_on: ["db", "other/cache"],
      version: "2.0.1",
      health_options: {
        degraded_above_cpu: 80,
        degraded_above_memory: 90.5,
        degraded_above_restarts: 3,
        degraded_above_ms: 0,
      },
    });
  });

  test("name what it depends on as Compose says it, and number its copies", () => {
    const more = { "com.docker.compose.depends_on": "db:service_healthy:false,cache:service_started:true" };
    expect(labelled({ ...COMPOSE, ...more }).depends_on).toEqual(["db", "cache"]);
    expect(labelled({ ...COMPOSE, "com.docker.compose.depends_on": "" }).depends_on).toEqual([]);
    expect(labelled({ ...COMPOSE, "com.docker.compose.container-number": "3" }).name).toBe("web_app-3");
  });

  test("may be missing, and Compose may name what the hub could not", () => {
    expect(labelled({ "hub.service": "a" })).toMatchObject({ project: "dc-1", health_interval: 15 });
    expect(labelled({ "com.docker.compose.service": "//" }).name).toBe("unnamed");
    expect(labelled({ "com.docker.compose.service": "x".repeat(90) }).name).toHaveLength(63);
    expect(labelled({ "hub.service": "a", "org.opencontainers.image.version": "v".repeat(200) }).version).toHaveLength(
      128,
    );
  });

  test.each<[string, number]>([
    ["30", 30],
    [" 30s ", 30],
    ["1m30s", 90],
    ["2h", 7_200],
    ["0.5m", 30],
    ["1.5m", 90],
    ["10000ms", 10],
  ])("may write a time as %j", (text, seconds) => {
    expect(labelled({ "hub.service": "a", "hub.interval": text })).toMatchObject({ health_interval: seconds });
  });

  test.each<[Record<string, string>, string[]]>([
    [{ "hub.retries": "99" }, ["hub.retries"]],
    [{ "hub.retries": "a few" }, ["hub.retries"]],
    [{ "hub.interval": "2" }, ["hub.interval"]],
    [{ "hub.interval": "10.5" }, ["hub.interval"]],
    [{ "hub.interval": "often" }, ["hub.interval"]],
    [{ "hub.interval": "30 s" }, ["hub.interval"]],
    [{ "hub.timeout": "60s" }, ["hub.timeout"]],
    [{ "hub.service": "summary" }, ["hub.service"]],
    [{ "hub.service": "//" }, ["hub.service"]],
    [{ "hub.service": "x".repeat(64) }, ["hub.service"]],
    [{ "hub.project": "" }, ["hub.project"]],
    [{ "hub.tags": "a\tb" }, ["hub.tags"]],
    [{ "hub.tags": "x".repeat(65) }, ["hub.tags"]],
    [{ "hub.method": "htpp" }, ["hub.method"]],
    [{ "hub.method": "http" }, ["hub.url"]],
    [{ "hub.method": "http", "hub.url": "redis://x" }, ["hub.url"]],
    [{ "hub.method": "exec" }, ["hub.command"]],
    [{ "hub.type": "queueue" }, ["hub.type"]],
    [{ "hub.enable": "maybe" }, ["hub.enable"]],
    [{ "hub.depends-on": "a/b/c/d" }, ["hub.depends-on"]],
    [{ "hub.recover-after": "0" }, ["hub.recover-after"]],
    [{ "hub.degraded-above-cpu": "lots" }, ["hub.degraded-above-cpu"]],
    [{ "hub.interval": "x", "hub.retries": "y" }, ["hub.interval", "hub.retries"]],
  ])("%j are refused, with the label that is wrong", (labels, wrong) => {
    expect(troublesOf(labels)).toEqual([wrong, false]);
  });

  test("that an image brings along keep no container out", () => {
    const version = (text: string) => labelled({ ...COMPOSE, "org.opencontainers.image.version": text }).version;
    expect([version(""), version("1\u0007\ud800"), version("v".repeat(500))]).toEqual(["1.27.1", "1", "v".repeat(128)]);
    const long = labelled(COMPOSE, { image: `${"i".repeat(9_000)}\ud800`, name: "n".repeat(9_000) });
    expect(JSON.stringify(long.metadata).length).toBeLessThan(2_000);
  });

  test("that would mean nothing are told", () => {
    expect(troublesOf({ "hub.url": "http://{ip}/" })).toEqual([["hub.url"], false]);
    for (const word of ["constructor", "__proto__", "toString"]) {
      expect(troublesOf({ "hub.enable": word })).toEqual([["hub.enable"], false]);
    }
  });

  test("put an address of IPv6 into brackets, and cut a long name for its number", () => {
    const asked = { ...COMPOSE, "hub.method": "http", "hub.url": "http://{ip}:80/" };
    expect(labelled(asked, { ip: "fd00::3" }).health_url).toBe("http://[fd00::3]:80/");
    expect(labelled({ ...asked, "hub.url": "http://[{ip}]:80/" }, { ip: "fd00::3" }).health_url).toBe(
      "http://[fd00::3]:80/",
    );
    const numbered = { "com.docker.compose.service": "n".repeat(63), "com.docker.compose.container-number": "12345" };
    expect(labelled(numbered).name).toBe(`${"n".repeat(57)}-12345`);
  });

  test("that nobody knows are named, and harm nothing", () => {
    expect(troublesOf({ "hub.intervall": "30" })).toEqual([["hub.intervall"], true]);
    expect(troublesOf({ "other.interval": "30" })).toEqual([[], true]);
  });

  test.each(["false", "False", "FALSE", "0", "no", "off"])("leave a container out by hub.enable=%s", (value) => {
    const labels = { "hub.service": "a", "hub.enable": value, "hub.retries": "99" };
    expect(readLabels(aContainer({ labels }), "dc-1")).toEqual({ service: null, troubles: [] });
  });

  test.each([
    ["app", undefined],
    ["app:latest", undefined],
    ["host:5000/app", undefined],
    ["app:1.2-alpine", "1.2-alpine"],
    ["app:3@sha256:0123", "3"],
    ["app@sha256:0123", undefined],
  ])("tell the version of %s by its tag", (image, version) => {
    expect(labelled({ "hub.service": "a" }, { image }).version).toBe(version);
  });

  test.each([
    [{}, false],
    [{ "hub.service": "a" }, true],
    [COMPOSE, true],
    [COMPOSE, true],
  ])("%j make a service: %s", (labels, expected) => {
    expect(isLabelled(labels)).toBe(expected);
  });
});

describe("a container", () => {
  test.each<[ContainerState, Partial<Container>, boolean, boolean]>([
    ["created", {}, false, false],
    ["created", { exitCode: 127 }, false, true],
    ["created", { exitCode: 127 }, true, false],
    ["created", { error: "no such file" }, false, true],
    ["dead", {}, true, false],
    ["running", { labels: ONE_OFF }, false, true],
    ["exited", { labels: ONE_OFF, exitCode: 1 }, false, false],
    ["created", { labels: ONE_OFF, exitCode: 127 }, false, false],
    ["dead", { labels: ONE_OFF }, false, false],
    ["running", {}, false, true],
    ["paused", {}, false, true],
    ["restarting", {}, false, true],
    ["removing", {}, false, false],
    ["dead", {}, false, true],
    ["exited", { exitCode: 0 }, false, false],
    ["exited", { exitCode: 143 }, false, false],
    ["exited", { exitCode: 137 }, false, true],
    ["exited", { exitCode: 137 }, true, false],
    ["exited", { exitCode: 1 }, false, true],
  ])("that is %s %j (stopped: %s) counts as a service: %s", (state, over, stopped, expected) => {
    expect(isService(aContainer({ state, ...over }), stopped)).toBe(expected);
  });

  test.each<[Partial<Container>, string | null]>([
    [{ state: "running" }, null],
    [{ state: "paused" }, "container: paused"],
    [{ state: "restarting", exitCode: 1 }, "container: restarting (exit code 1)"],
    [{ state: "exited", exitCode: 137, outOfMemory: true }, "container: exited (exit code 137, out of memory)"],
    [{ state: "exited", exitCode: 127, error: "no such file" }, "container: no such file"],
    [{ state: "created", exitCode: 127 }, "container: can't be started: exit code 127"],
    [{ state: "created", exitCode: 127, error: "no such file" }, "container: can't be started: no such file"],
  ])("%j is in this trouble: %s", (over, words) => {
    expect(troubleOf(aContainer(over))).toBe(words);
  });

  test.each<[Record<string, string>, string, boolean]>([
    [{ "com.docker.compose.oneoff": "True" }, "shop-web-run-1", true],
    [{ "com.docker.compose.oneoff": "true" }, "mine", true],
    [{ "com.docker.compose.oneoff": " 1 " }, "mine", true],
    [{ "com.docker.compose.oneoff": "False" }, "shop-web-1", false],
    [{ "com.docker.compose.oneoff": "" }, "shop-web-1", false],
    [{}, "shop_web_tmp4711", false],
    [{ "io.podman.compose.project": "shop" }, "shop_web_tmp4711", true],
    [{ "io.podman.compose.project": "shop" }, "shop_web_1", false],
  ])("with %j, named %s, runs only once: %s", (labels, name, expected) => {
    expect(isOneOff(aContainer({ name, labels: { ...COMPOSE, ...labels } }))).toBe(expected);
  });

  test("of several of one service stands before the others when it says more of it", () => {
    const ranked: Partial<Container>[] = [
      { health: "healthy" },
      { health: "starting" },
      { health: "unhealthy" },
      { state: "restarting" },
      { state: "paused" },
      { labels: ONE_OFF, health: "healthy" },
    ];
    for (const [place, one] of ranked.entries()) {
      for (const [other, two] of ranked.entries()) {
        expect(standsBefore(aContainer(one), aContainer(two))).toBe(place < other);
      }
    }
    expect(standsBefore(aContainer({ health: null }), aContainer({ health: "healthy" }))).toBe(false);
  });

  test("that is gone says how it ended", () => {
    expect(endingOf(null)).toBe("container removed");
    expect(endingOf(aContainer({ state: "removing" }))).toBe("container removed");
    expect(endingOf(aContainer({ state: "exited", exitCode: 0 }))).toBe("container stopped (exit code 0)");
  });
});

describe("what a container uses", () => {
  const sample = (over: Partial<UsageSample> = {}): UsageSample => ({
    at: T0,
    cpuNs: 1e9,
    memoryBytes: 50e6,
    memoryLimitBytes: 200e6,
    receivedBytes: 5,
    sentBytes: 6,
    ...over,
  });

  test("is per cent of one core since the sample before, and of its memory limit", () => {
    const after = sample({ at: T0 + 10_000, cpuNs: 16e9 });
    expect(usageDetails(after, sample(), 2)).toEqual({
      cpu_percent: 150,
      memory_bytes: 50e6,
      memory_percent: 25,
      network_rx_bytes: 5,
      network_tx_bytes: 6,
      restarts: 2,
    });
    expect(usageDetails(after, null, 0)).not.toHaveProperty("cpu_percent");
    expect(usageDetails(sample({ cpuNs: 5 }), sample({ at: T0 - 1 }), 0)).not.toHaveProperty("cpu_percent");
    expect(usageDetails(sample({ memoryLimitBytes: 0 }), null, 0)).not.toHaveProperty("memory_percent");
  });

  test("makes a service degraded that uses too much, and never better than it is", () => {
    const usage = { cpu_percent: 90, memory_percent: 50, restarts: 4 };
    const over = (options: object) => withUsage(anObservation(), usage, options);
    expect(over({})).toMatchObject({ verdict: "ok", details: usage });
    expect(over({ degraded_above_cpu: 90 }).verdict).toBe("ok");
    expect(over({ degraded_above_cpu: 80 })).toMatchObject({ verdict: "warn", error: "cpu: 90 %, more than 80 %" });
    expect(over({ degraded_above_memory: 49 }).error).toBe("memory: 50 %, more than 49 %");
    expect(over({ degraded_above_restarts: 3 }).error).toBe("restarts: 4, more than 3");
    const failed = anObservation({ verdict: "fail", error: "no" });
    expect(withUsage(failed, usage, { degraded_above_cpu: 1 })).toMatchObject({ verdict: "fail", error: "no" });
  });
});
