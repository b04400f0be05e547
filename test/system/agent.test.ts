/** A real agent beside a real hub: what it checks, and what it keeps while the hub is away. */
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo, Server } from "node:net";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { NEVER_SLOW } from "../core/fixtures.ts";
import { type AgentProcess, setUpAgent, startAgent } from "../processes/agent-process.ts";
import { call, flipsOf, type ServiceSeen } from "../processes/hub-client.ts";
import { type HubProcess, startHub } from "../processes/hub-process.ts";
import { temporaryFolder } from "../servers/child-process.ts";
import { makeDated } from "../servers/dated-certificates.ts";
import { until } from "../until.ts";

const PLUGINS = "/usr/lib/nagios/plugins";
const INTERVAL_S = 10;
/** Three intervals and five seconds, of the hub's time. */
const OFFLINE_MS = 35_000;

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
    await register(`plugin-${command}`, {
      health_method: "exec",
      health_options: { ...NEVER_SLOW, command },
    });
  }
  await until(async () =>
    expect(await statuses()).toEqual({
      web: "up",
      port: "up",
      "plugin-http": "up",
      "plugin-closed": "down",
      "plugin-load": "degraded",
      "plugin-dagger": "unknown",
      "plugin-unknown": "unknown",
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

test("while the hub is away nothing is made up: who failed and came back is up, who stays away is down", async () => {
  for (const name of ["back", "away"]) {
    await register(name, { health_method: "http", health_url: `http://${address}/${name}` });
    await until(async () => expect((await seen(name)).health_status).toBe("up"));
  }
  await hub.kill9();
  failing.add("back").add("away");
  await sleep(OFFLINE_MS);
  failing.delete("back");
  await sleep(2 * INTERVAL_S * 1_000);
  await hub.restart();
  await until(async () => expect((await seen("away")).health_status).toBe("down"));
  await until(async () => {
    const flips = await Promise.all(["back", "away"].map((name) => flipsOf(hub, name)));
    expect(flips.map((own) => own.map(({ to }) => to))).toEqual([["up"], ["up", "down"]]);
  });
  failing.delete("away");
});

test("an agent that is killed goes on from its spool, and its silence is told after three intervals", async () => {
  await agent.stop("SIGKILL");
  await until(async () => expect((await seen("back")).health_status).toBe("unknown"));
  await until(async () => {
    const reason = (await flipsOf(hub, "back")).at(-1)?.reason;
    expect(reason).toMatch(/^agent offline: nothing heard from dc-1 for [2-9]\d s$/);
  });
  agent.start();
  await until(async () => expect((await seen("back")).health_status).toBe("up"));
  await until(() => expect(readdirSync(join(agent.state, "spool"))).toEqual(["position.json"]));
});

test("a certificate that ends soon makes its service degraded, with the days left", async () => {
  const folder = await temporaryFolder("certificate");
  const days = [-1, 10.5] as const;
  const { cert, key } = await makeDated(folder.path, {
    subject: "soon",
    days,
    signer: null,
    names: "DNS:soon.example",
  });
  const server = createTlsServer({ cert: readFileSync(cert), key: readFileSync(key) });
  await listen(server);
  const health_url = `127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens on a port
  await register("certificate", { health_method: "tls", health_url, health_options: { ...NEVER_SLOW, chain: false } });
  await until(async () => expect((await seen("certificate")).health_status).toBe("degraded"));
  const { health_details } = await seen("certificate");
  expect(health_details).toMatchObject({ days_left: 10, subject: "CN=soon, O=Test", names: "soon.example" });
  expect(health_details.error).toMatch(/^tls: the certificate ends in 10 days \(on /);
  server.close();
  await folder.remove();
});

function listen(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
}
