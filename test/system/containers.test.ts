/** A real agent beside a real Docker engine: containers come, fall ill, die and go, and the hub follows. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type Docker from "dockerode";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runAgent } from "../../src/agent/run-agent.ts";
import { systemClock } from "../../src/node/system-clock.ts";
import { setUpAgent } from "../processes/agent-process.ts";
import { call, flipsOf } from "../processes/hub-client.ts";
import { type HubProcess, startHub } from "../processes/hub-process.ts";
import { connectCore, keptEvents, natsVars } from "../processes/nats-hub.ts";
import { type Watching, watch } from "../processes/watch.ts";
import { freePort, temporaryFolder } from "../servers/child-process.ts";
import { type DockerEngine, IMAGE, startDocker } from "../servers/docker.ts";
import { type NatsPair, startNatsPair } from "../servers/nats.ts";
import { until } from "../until.ts";

interface Seen {
  name: string;
  gone_since: string | null;
  health_status: string;
  health_details: Record<string, unknown>;
  container_id: string;
  depends_on: string[];
  version: string;
  metadata: Record<string, unknown>;
}

let engine: DockerEngine;
let nats: NatsPair;
let hub: HubProcess;
/** In this process; it ends with `stop`. */
let agent: Promise<number>;
let stop: () => void;
let key: string;
let state: Awaited<ReturnType<typeof temporaryFolder>>;
const lines: string[] = [];
let watching: Watching;
let webPort: number;

beforeAll(async () => {
  [engine, nats] = await Promise.all([startDocker(), startNatsPair()]);
  await nats.setUp();
  webPort = await freePort();
  hub = await startHub({ args: ["--quiet"], vars: natsVars("hub-main", nats.relay_url) });
  state = await temporaryFolder("agent");
  key = await setUpAgent(hub, "dc-1");
  ({ agent, stop } = begin(state.path, lines));
  watching = await watch(hub);
});
afterAll(async () => {
  watching?.close();
  stop?.();
  expect(await agent, lines.join("\n")).toBe(0);
  await state?.remove();
  await hub?.remove();
  await engine?.stop();
  await nats?.stop();
});

/** An agent named dc-1, in this process. `said`: gets its lines. */
function begin(folder: string, said: string[]): { agent: Promise<number>; stop(): void } {
  const stopping = Promise.withResolvers<void>();
  const line = (text: string) => void said.push(text);
  const environment = { HUB_KEY: key, DOCKER_HOST: engine.host };
  // The containers share the host's network, so the loopback is not theirs alone.
  const config = join(folder, "agent.yaml");
  writeFileSync(config, `labels: {targets: ["127.0.0.1:${webPort}"]}\n`);
  const argv = ["--hub", hub.url, "--name", "dc-1", "--state", folder, "--config", config];
  const io = { clock: systemClock, environment, out: line, err: line, stopped: stopping.promise };
  return { agent: runAgent(argv, io), stop: stopping.resolve };
}

async function theAgent(): Promise<{ problem: string | null; deleted_services: { name: string }[] } | undefined> {
  const { agents } = await call<{ agents: { problem: string | null; deleted_services: { name: string }[] }[] }>(
    ...([hub, "GET", "/api/agents"] as const),
  );
  return agents[0];
}

/** As `docker compose up` makes it. */
async function start(service: string, over: Partial<Docker.ContainerCreateOptions> = {}): Promise<Docker.Container> {
  const compose = { "com.docker.compose.project": "Shop", "com.docker.compose.service": service };
  const container = await engine.docker.createContainer({
    name: `shop-${service}-1`,
    Image: IMAGE,
    Cmd: ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.2; done"],
    ...over,
    HostConfig: { NetworkMode: "host", RestartPolicy: { Name: "unless-stopped" }, ...over.HostConfig },
    Labels: { ...compose, ...over.Labels },
  });
  await container.start();
  return container;
}

async function seen(): Promise<Record<string, Seen>> {
  const { services } = await call<{ services: Seen[] }>(hub, "GET", "/api/services?include_stopped=true");
  return Object.fromEntries(services.map((service) => [service.name, service]));
}

/** `name: status` of what the hub watches. */
async function statuses(): Promise<Record<string, string>> {
  const watched = Object.values(await seen()).filter(({ gone_since }) => gone_since === null);
  return Object.fromEntries(watched.map(({ name, health_status }) => [name, health_status]));
}

async function running(): Promise<string[]> {
  const all = await engine.docker.listContainers();
  return all.flatMap(({ Labels }) => Labels["com.docker.compose.service"] ?? []).sort();
}

test("containers that start are registered with what their labels say, and checked", async () => {
  await start("db", {
    Healthcheck: {
      Test: ["CMD-SHELL", "test ! -e /tmp/bad || { echo 'no space left'; exit 1; }"],
      Interval: 1e9,
      Retries: 1,
    },
  });
  await start("cache", {
    Labels: {
      "com.docker.compose.depends_on": "db:service_healthy:false",
      "hub.exec": "test ! -e /tmp/bad || { echo broken; exit 2; }",
      "hub.interval": "5",
    },
  });
  await start("web", {
    HostConfig: { Memory: 64_000_000 },
    Cmd: ["httpd", "-f", "-p", `127.0.0.1:${webPort}`],
    Labels: {
      "hub.method": "tcp",
      "hub.url": `{ip}:${webPort}`,
      "hub.depends-on": "db, cache",
      "hub.tags": "edge",
      "hub.interval": "5",
      "hub.degraded-above-memory": "0",
    },
  });
  await start("hidden", { Labels: { "hub.enable": "false" } });
  await start("worker");
  await until(async () => expect(await statuses()).toEqual({ db: "up", cache: "up", web: "degraded", worker: "up" }));
  const { web, cache } = await seen();
  expect(web).toMatchObject({
    project: "shop",
    agent: "dc-1",
    version: "1.2",
    tags: ["edge"],
    depends_on: ["db", "cache"],
    container_id: expect.stringMatching(/^[0-9a-f]{12}$/),
    metadata: { image: IMAGE, container: "shop-web-1" },
    health_details: {
      memory_bytes: expect.any(Number),
      restarts: 0,
      error: expect.stringMatching(/^memory: .* more than 0 %$/),
    },
  });
  expect(cache?.depends_on).toEqual(["db"]);
  const { edges } = await call<{ edges: object[] }>(hub, "GET", "/api/dependencies?project=shop");
  expect(edges).toHaveLength(3);
  await until(async () => expect((await seen()).db?.health_details.cpu_percent).toEqual(expect.any(Number)));
});

test("one that falls ill is down within seconds, with what its health check said", async () => {
  await exec("shop-db-1", "touch /tmp/bad");
  await until(async () => expect(await statuses()).toMatchObject({ db: "down" }));
  expect((await seen()).db?.health_details.error).toBe("container: unhealthy: no space left");
  await exec("shop-db-1", "rm /tmp/bad");
  await until(async () => expect(await statuses()).toMatchObject({ db: "up" }));
  await exec("shop-cache-1", "touch /tmp/bad");
  await until(async () => expect((await seen()).cache?.health_details.error).toBe("exec: broken"));
});

test("one that is killed is down at once, with its exit code, and up when it is started again", async () => {
  const worker = engine.docker.getContainer("shop-worker-1");
  await worker.kill(); // by the engine's own words it is not to be restarted then
  await until(async () => expect(await statuses()).toMatchObject({ worker: "down" }));
  expect((await seen()).worker?.health_details.error).toBe("container: exited (exit code 137)");
  expect(await running()).toEqual(["cache", "db", "hidden", "web"]);
  await worker.start();
  await until(async () => expect(await statuses()).toMatchObject({ worker: "up" }));
});

test("one that is stopped or removed is deregistered, with the reason, and keeps its history", async () => {
  await engine.docker.getContainer("shop-web-1").stop({ t: 1 });
  await until(async () => expect(await statuses()).toEqual({ db: "up", cache: "down", worker: "up" }));
  await engine.docker.getContainer("shop-cache-1").remove({ force: true });
  await until(async () => expect(await statuses()).toEqual({ db: "up", worker: "up" }));
  await until(async () => {
    const last = await Promise.all(["web", "cache"].map(async (name) => (await flipsOf(hub, name)).at(-1)?.reason));
    expect(last).toEqual([expect.stringMatching(/^container stopped \(exit code \d+\)$/), "container removed"]);
  });
});

test("an engine that is restarted is followed: what runs afterwards is what the hub shows", async () => {
  await engine.restart();
  await until(async () => {
    const watched = await statuses();
    expect(
      Object.keys(watched)
        .filter((name) => watched[name] === "up")
        .sort(),
    ).toEqual((await running()).filter((name) => name !== "hidden"));
    expect(Object.keys(watched).sort()).toEqual(["db", "worker"]);
  });
});

test("the project stops with its last container and starts with its first, on every channel", async () => {
  const before = watching.frames.length;
  for (const name of ["db", "worker"]) await engine.docker.getContainer(`shop-${name}-1`).remove({ force: true });
  const project = async () => (await call<{ projects: { status: string }[] }>(hub, "GET", "/api/projects")).projects[0];
  await until(async () => expect(await project()).toMatchObject({ status: "stopped" }));
  await start("db");
  await until(async () => expect(await project()).toMatchObject({ status: "running" }));
  await until(async () => expect(await statuses()).toEqual({ db: "up" }));
  const told = watching.frames
    .slice(before)
    .filter(({ type }) => type === "project")
    .map((frame) => (frame.project as { status: string }).status);
  expect(told).toEqual(["stopped", "running"]);
  const core = await connectCore(nats.core_url);
  try {
    await until(async () => {
      const subjects = (await keptEvents(core))
        .map(({ subject }) => subject)
        .filter((subject) => /project/.test(subject));
      expect(subjects.slice(-2)).toEqual([
        "hub.hub-main.service.project_stopped",
        "hub.hub-main.service.project_started",
      ]);
    });
  } finally {
    await core.close();
  }
});

test("a restart of the agent flips nothing, and a second agent under its name is refused and shown", async () => {
  await start("steady", { Labels: { "hub.interval": "5" } });
  const flips = async () => (await flipsOf(hub, "steady")).map(({ to }) => to);
  await until(async () => expect(await flips()).toEqual(["up"]));
  stop();
  expect(await agent).toBe(0);
  ({ agent, stop } = begin(state.path, lines));
  const other = await temporaryFolder("agent");
  const said: string[] = [];
  await until(async () =>
    expect(lines.filter((line) => /^containers: \d+ services$/.test(line)).length).toBeGreaterThan(1),
  );
  const second = begin(other.path, said);
  await until(() => expect(said.join("\n")).toContain("this agent waits and checks nothing: the hub answers 409"));
  await until(async () => expect((await theAgent())?.problem).toMatch(/^two agents have this name/));
  await new Promise((resolve) => setTimeout(resolve, 11_000)); // two rounds of the first
  second.stop();
  expect(await second.agent).toBe(0);
  await other.remove();
  expect(await statuses()).toMatchObject({ db: "up", steady: "up" });
  expect(await flips()).toEqual(["up"]);
});

test("one-off containers are no services, and one that can't be started is down with its reason", async () => {
  const oneOff = { "com.docker.compose.oneoff": "True" };
  await start("db", {
    name: "shop-db-run-1",
    Labels: oneOff,
    Cmd: ["sh", "-c", "exit 3"],
    HostConfig: { RestartPolicy: { Name: "no" } },
  });
  await start("job", { name: "shop-job-run-1", Labels: oneOff });
  await start("broken", { Cmd: ["/no/such/program"], HostConfig: { RestartPolicy: { Name: "no" } } }).catch(() => {});
  await until(async () => expect(await statuses()).toEqual({ db: "up", steady: "up", broken: "down" }));
  expect((await seen()).broken?.health_details.error).toMatch(/^container: can't be started: .*no such/);
  await engine.docker.getContainer("shop-broken-1").remove();
  await until(async () => expect(await statuses()).toEqual({ db: "up", steady: "up" }));
});

test("an engine that hangs is the reason that is shown, of its services and of the agent; then all is well again", async () => {
  engine.freeze();
  try {
    await until(async () => expect(await statuses()).toMatchObject({ steady: "unknown" }));
    const words = /^container: the engine does not answer: inspect: no answer within 3 s$/;
    await until(async () => expect((await flipsOf(hub, "steady")).at(-1)?.reason).toMatch(words));
    expect((await theAgent())?.problem).toMatch(/steady-1: the engine does not answer/);
  } finally {
    engine.thaw();
  }
  await until(async () => expect(await statuses()).toMatchObject({ steady: "up" }));
  await until(async () => expect((await theAgent())?.problem ?? "").not.toContain("engine"));
});

test("a service that a person deletes while its container runs stays away on a quiet host, and is shown", async () => {
  const { services } = await call<{ services: { id: number; name: string }[] }>(hub, "GET", "/api/services");
  const id = services.find(({ name }) => name === "steady")?.id;
  await call(hub, "DELETE", `/api/services/${id}`);
  await until(() => expect(lines.join("\n")).toContain("a person has deleted shop/steady"));
  expect((await theAgent())?.deleted_services).toMatchObject([{ name: "steady" }]);
  expect(await statuses()).toEqual({ db: "up" });
  await engine.docker.getContainer("shop-steady-1").remove({ force: true });
  await start("steady");
  await until(async () => expect(await statuses()).toEqual({ db: "up", steady: "up" }));
  expect((await theAgent())?.deleted_services).toEqual([]);
});

test("a deleted service of several containers comes back through none of those that there were", async () => {
  const replica = (name: string) => start("many", { name, Labels: { "hub.service": "many" } });
  const [one, two] = [await replica("shop-many-1"), await replica("shop-many-2")];
  await until(async () => expect(await statuses()).toMatchObject({ many: "up" }));
  const { services } = await call<{ services: { id: number; name: string; container_id: string }[] }>(
    ...([hub, "GET", "/api/services"] as const),
  );
  const many = services.find(({ name }) => name === "many");
  const [standing, other] = one.id.startsWith(many?.container_id ?? "?") ? [one, two] : [two, one];
  await call(hub, "DELETE", `/api/services/${many?.id}`);
  await until(() => expect(lines.join("\n")).toContain("a person has deleted shop/many"));
  await standing.stop({ t: 1 });
  await start("after"); // what the agent lists afterwards
  await until(async () => expect(await statuses()).toMatchObject({ after: "up" }));
  expect(await statuses()).not.toHaveProperty("many");
  expect((await theAgent())?.deleted_services).toMatchObject([{ name: "many" }]);
  await other.remove({ force: true });
  await replica("shop-many-3");
  await until(async () => expect(await statuses()).toMatchObject({ many: "up" }));
  expect((await theAgent())?.deleted_services).toEqual([]);
});

async function exec(name: string, command: string): Promise<void> {
  const made = await engine.docker.getContainer(name).exec({ Cmd: ["sh", "-c", command] });
  await made.start({ Detach: true });
}
