/** Where an agent's probes may go: over a real connection, so that look-ups and redirects are tried as well. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseAgentFile } from "../../src/agent/agent-settings.ts";
import type { Container } from "../../src/agent/containers/container.ts";
import { readLabels } from "../../src/agent/containers/labels.ts";
import { nodeContext } from "../../src/agent/node-context.ts";
import { patternsOf, type Reach, reachOf } from "../../src/agent/reach.ts";
import type { Check } from "../../src/core/service/check.ts";
import { systemClock } from "../../src/node/system-clock.ts";
import { Lateness } from "../../src/probes/lateness.ts";
import { Lately } from "../../src/probes/look-memory.ts";
import { ProbeFailure } from "../../src/probes/probe-failure.ts";
import { runProbe, targetOf } from "../../src/probes/run-probe.ts";
import { aCheck } from "../core/fixtures.ts";

let server: Server;
let port: number;
beforeAll(async () => {
  server = createServer((request, response) => {
    const location = new URL(request.url ?? "", "http://x").searchParams.get("to");
    response.writeHead(location === null ? 200 : 302, location === null ? {} : { location }).end("here");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const context = (reach: Reach) =>
  nodeContext({
    agent: "dc-1",
    hubId: "hub",
    environment: {},
    now: Date.now,
    reach,
    memory: new Lately(),
    lateness: new Lateness(systemClock),
  });

async function probe(over: Partial<Check>, reach = reachOf([], null)) {
  const here = context(reach);
  const check = aCheck({ health_method: "http", health_timeout: 1, ...over });
  const seat = { until: (free: Promise<unknown>) => void free.catch(() => {}), hung: () => {} };
  return await runProbe(check, here, { target: targetOf(check, here), seat });
}

describe("the machine's own surroundings", () => {
  test.each<[Check["health_method"], string]>([
    ["http", "http://169.254.169.254/latest/meta-data/"],
    ["http", "https://169.254.169.254/"],
    ["http", "http://2852039166/"],
    ["http", "http://0xa9.254.43518/"],
    ["http", "http://0251.0376.0251.0376/"],
    ["http", "http://[::ffff:169.254.169.254]/"],
    ["http", "http://[::ffff:a9fe:a9fe]/"],
    ["http", "http://[64:ff9b::a9fe:a9fe]/"],
    ["http", "http://[64:ff9b:1::a9fe:a9fe]/"],
    ["http", "http://[::ffff:0:a9fe:a9fe]/"],
    ["http", "http://[2002:a9fe:a9fe::1]/"],
    ["http", "http://[fe80::1]/"],
    ["http", "http://[fd00:ec2:0::254]/"],
    ["http", "http://[fd20:ce::254]/"],
    ["http", "http://168.63.129.16/"],
    ["http", "http://100.100.100.200/"],
    ["tcp", "169.254.170.2:80"],
    ["tcp", "tls://[fe80::1]:80"],
    ["redis", "redis://169.254.1.1"],
    ["postgres", "postgres://169.254.1.1/app"],
    ["dns", "dns://169.254.169.254/example.com"],
    ["tls", "169.254.169.254"],
  ])("are not asked by %s at %s", async (health_method, health_url) => {
    const found = await probe({ health_method, health_url });
    expect(found).toMatchObject({ verdict: "unprobeable", latency_ms: null });
    expect(found.error).toMatch(/^refused target: .* which is a (link-local|metadata) address: .* name it in targets$/);
  });

  test("are not asked after a redirect", async () => {
    const to = encodeURIComponent("http://169.254.169.254/latest");
    const found = await probe({ health_url: `http://127.0.0.1:${port}/?to=${to}` });
    expect(found).toMatchObject({ verdict: "unprobeable" });
    expect(found.error).toMatch(/^refused target: 169\.254\.169\.254/);
  });

  test("are left out of what a name stands for, and a name that stands for nothing else is refused", () => {
    const reach = reachOf(patternsOf(["named.example.com", "*.wild.example.com", "*"]), null);
    const [local, metadata] = [{ address: "fe80::1%eth0" }, { address: "169.254.169.254" }];
    const fine = { address: "10.0.0.7" };
    expect(reach.allowed("printer.local", 80, [local, fine])).toEqual([fine]);
    expect(reach.allowed("nobody.example.com", 80, [])).toEqual([]);
    expect(reach.allowed("named.example.com", 80, [metadata])).toEqual([metadata]);
    for (const host of ["metadata.google.internal", "a.wild.example.com"]) {
      expect(() => reach.allowed(host, 80, [local, metadata])).toThrow(`${host} stands for fe80::1%eth0, which is a`);
    }
  });

  test("are asked when the configuration names them, by any of their spellings", () => {
    for (const pattern of ["169.254.169.254", "169.254.169.254:80", "2852039166"]) {
      expect(() => reachOf(patternsOf([pattern]), null).check("169.254.169.254", 80)).not.toThrow();
    }
    for (const pattern of ["169.254.169.254:81", "169.254.169.253", "*", "*.254"]) {
      expect(() => reachOf(patternsOf([pattern]), null).check("169.254.169.254", 80)).toThrow("link-local");
    }
  });

  test.each<[Check["health_method"], string]>([
    ["http", "http"],
    ["http", "https"],
    ["tcp", "tcp"],
    ["redis", "redis"],
    ["postgres", "postgres"],
    ["tls", "tls"],
  ])(
    "are not reached by %s (%s:) through a name: what the connection itself looked up is checked",
    async (health_method, scheme) => {
      let opened = 0;
      const count = () => (opened += 1);
      server.on("connection", count);
      const seen: string[] = [];
      const reach: Reach = {
        check: () => {},
        allowed: (_host, _port, addresses) => {
          seen.push(...addresses.map(({ address }) => address));
          throw new ProbeFailure("refused target: as a link-local address is", { verdict: "unprobeable" });
        },
      };
      const found = await probe({ health_method, health_url: `${scheme}://localhost:${port}` }, reach);
      expect(found).toMatchObject({ verdict: "unprobeable", error: "refused target: as a link-local address is" });
      await context(reach).looks?.connectCode(`localhost:${port}`);
      expect(seen.filter((address) => address === "127.0.0.1").length).toBeGreaterThanOrEqual(2);
      expect(opened).toBe(0);
      server.off("connection", count);
    },
  );

  test("are not everything else", async () => {
    expect(await probe({ health_url: `http://127.0.0.1:${port}/` })).toMatchObject({ verdict: "ok" });
    expect(await probe({ health_url: `http://localhost:${port}/` })).toMatchObject({ verdict: "ok" });
  });
});

describe("what the labels of a container made", () => {
  const own = { addresses: ["127.0.0.1"], targets: patternsOf([]) };

  test("asks its container, and goes nowhere else by a redirect", async () => {
    expect(await probe({ health_url: `http://127.0.0.1:${port}/` }, reachOf([], own))).toMatchObject({ verdict: "ok" });
    const to = encodeURIComponent(`http://127.0.0.2:${port}/`);
    const found = await probe({ health_url: `http://127.0.0.1:${port}/?to=${to}` }, reachOf([], own));
    expect(found).toMatchObject({ verdict: "unprobeable" });
    expect(found.error).toMatch(/^refused target: 127\.0\.0\.2:\d+: labels reach their container only/);
  });

  test("goes where labels may go", async () => {
    const to = encodeURIComponent(`http://localhost:${port}/`);
    const reach = reachOf([], { ...own, targets: patternsOf([`localhost:${port}`]) });
    expect(await probe({ health_url: `http://127.0.0.1:${port}/?to=${to}` }, reach)).toMatchObject({ verdict: "ok" });
  });
});

describe("a label", () => {
  const container = (labels: Record<string, string>, over: Partial<Container> = {}): Container => ({
    id: "0123456789abcdef",
    name: "web",
    image: "nginx",
    state: "running",
    health: null,
    healthOutput: "",
    exitCode: 0,
    outOfMemory: false,
    error: "",
    restarts: 0,
    ip: "172.18.0.3",
    addresses: ["172.18.0.3", "10.1.0.3", "fd00::3"],
    labels: { "hub.service": "web", ...labels },
    ...over,
  });
  const rules = { commands: ["disk"], targets: patternsOf(["db.example.com:5432", "*.internal"]) };
  const wrong = (labels: Record<string, string>, over: Partial<Container> = {}) =>
    readLabels(container(labels, over), "dc-1", rules).troubles.map(({ label }) => label);

  test.each([
    "http://{ip}:8080/",
    "http://172.18.0.3/",
    "http://10.1.0.3/",
    "http://[fd00:0::3]:80/",
    "http://a.internal/",
  ])("may point to the container or where labels may go: %s", (url) => {
    expect(wrong({ "hub.method": "http", "hub.url": url })).toEqual([]);
  });

  test.each([
    "http://127.0.0.1:2375/",
    "http://localhost:9200/",
    "http://[::1]/",
    "http://0.0.0.0/",
    "http://172.18.0.4/",
    "http://169.254.169.254/",
    "http://{ip}@127.0.0.1/",
    "http://{ip}.example.com/",
    "http://internal/",
    "http://db.example.com/",
    "http://x.internal@127.0.0.1/",
  ])("may point nowhere else: %s", (url) => {
    expect(wrong({ "hub.method": "http", "hub.url": url })).toEqual(["hub.url"]);
  });

  test("may let a certificate be looked at, of the container only", () => {
    expect(wrong({ "hub.method": "tls", "hub.url": "{ip}:443" })).toEqual([]);
    expect(wrong({ "hub.method": "tls", "hub.url": "127.0.0.1:443" })).toEqual(["hub.url"]);
    expect(wrong({ "hub.method": "dns", "hub.url": "dns://{ip}/a.example" })).toEqual([]);
    expect(wrong({ "hub.method": "dns", "hub.url": "dns://127.0.0.1/a.example" })).toEqual(["hub.url"]);
    expect(wrong({ "hub.method": "exec", "hub.command": "disk", "hub.url": "{ip}:443" })).toEqual(["hub.url"]);
  });

  test("of a container without an address of its own reaches nothing by {ip}", () => {
    const labels = { "hub.method": "tcp", "hub.url": "{ip}:22" };
    const none = { ip: null, addresses: [] };
    expect(wrong(labels, none)).toEqual(["hub.url"]);
    expect(readLabels(container(labels, { ...none, state: "exited" }), "dc-1", rules)).toMatchObject({
      service: { health_url: "no-address.invalid:22" }, // it is still the service that has died
    });
  });

  test("may run the commands that the configuration lets labels run, and no other method than is documented", () => {
    expect(wrong({ "hub.method": "exec", "hub.command": "disk" })).toEqual([]);
    expect(wrong({ "hub.method": "exec", "hub.command": "backup" })).toEqual(["hub.command"]);
    expect(wrong({ "hub.method": "heartbeat" })).toEqual(["hub.method"]);
  });
});

test("the configuration says what labels may do, and wrong patterns are refused", () => {
  const text = "labels: {commands: [disk], targets: [db.example.com, '*.internal:80']}\ntargets: [169.254.1.1]\n";
  expect(parseAgentFile(text, "a.yaml")).toEqual({
    commands: {},
    targets: ["169.254.1.1"],
    labels: { commands: ["disk"], targets: ["db.example.com", "*.internal:80"] },
  });
  expect(() => parseAgentFile("labels: {targets: ['http://x/'], all: true}", "a.yaml")).toThrow(
    /labels\.targets\[0\]: expected a host[\s\S]*all/,
  );
});
