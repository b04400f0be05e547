/** The tls probe of an agent against servers with certificates of all kinds. */
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { createServer, getCACertificates, setDefaultCACertificates, type TlsOptions } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nodeContext } from "../../src/agent/node-context.ts";
import { patternsOf, type Reach, reachOf } from "../../src/agent/reach.ts";
import type { HealthOptions } from "../../src/core/service/options.ts";
import { systemClock } from "../../src/node/system-clock.ts";
import { Lateness } from "../../src/probes/lateness.ts";
import { Lately } from "../../src/probes/look-memory.ts";
import { runProbe, targetOf } from "../../src/probes/run-probe.ts";
import { aCheck } from "../core/fixtures.ts";
import type { KeyPair } from "../servers/certificates.ts";
import { temporaryFolder } from "../servers/child-process.ts";
import { chained, type DatedCertificate, makeDated } from "../servers/dated-certificates.ts";
import { forging } from "../servers/forging.ts";
import { until } from "../until.ts";
import { startAgentHere, startFakeHub } from "./agent-here.ts";

/** An hour more than whole days, so that none passes meanwhile. */
const inDays = (days: number): readonly [number, number] => [-30, days + 1 / 24];
/** No client of the tests has a certificate. */
const WANTING: TlsOptions = { requestCert: true, rejectUnauthorized: true };
const LOOPBACK = "DNS:localhost,IP:127.0.0.1";

const servers: Server[] = [];
const ports: Record<string, number> = {};
/** Each server with the name that it was asked for, and the servers to which a handshake did not end. */
const [asked, broken]: [string[], string[]] = [[], []];
let folder: Awaited<ReturnType<typeof temporaryFolder>>;

async function listen(name: string, server: Server): Promise<void> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ports[name] = (server.address() as AddressInfo).port;
}

async function serve(name: string, { cert, key }: KeyPair, options: TlsOptions = {}): Promise<void> {
  const server = createServer({ cert: readFileSync(cert), key: readFileSync(key), ...options });
  server.on("tlsClientError", () => broken.push(name));
  server.on("secureConnection", (socket) => {
    asked.push(`${name} ${String(socket.servername)}`);
    socket.on("error", () => {}).resume();
  });
  await listen(name, server);
}

beforeAll(async () => {
  folder = await temporaryFolder("tls");
  const make = (over: Partial<DatedCertificate>) =>
    makeDated(folder.path, { subject: "localhost", days: inDays(40), signer: null, names: LOOPBACK, ...over });
  const authority = (over: Partial<DatedCertificate> = {}) =>
    make({ subject: "Root of the tests", days: inDays(3_000), names: null, ...over });
  const [root, stranger] = await Promise.all([authority(), authority({ subject: "Stranger" })]);
  setDefaultCACertificates([...getCACertificates("default"), readFileSync(root.cert, "utf8")]);
  const between = (days: number) => authority({ subject: "Between", days: inDays(days), signer: root });
  const [long, short] = await Promise.all([between(1_000), between(5)]);
  const [good, under, underShort, old] = await Promise.all([
    make({ signer: root }),
    make({ signer: long, days: inDays(60) }),
    make({ signer: short, days: inDays(60) }),
    authority({ subject: "Root of the tests", days: [-90, -60], signer: stranger }),
  ]);
  await Promise.all([
    serve("good", good),
    serve("older", good, { maxVersion: "TLSv1.2" }),
    serve("ten", await make({ signer: root, days: inDays(10) })),
    serve("two", await make({ signer: root, days: inDays(2) })),
    serve("today", await make({ signer: root, days: [-1, 0.5] })),
    serve("expired", await make({ signer: root, days: [-60, -5] })),
    serve("early", await make({ signer: root, days: [5, 60] })),
    serve("other", await make({ signer: root, names: "DNS:elsewhere.example,DNS:*.wild.example" })),
    serve("unknown", await make({ signer: stranger })),
    serve("self-signed", await make({})),
    serve("between", await chained(folder.path, under, [long])),
    serve("short", await chained(folder.path, underShort, [short])),
    serve("incomplete", under),
    serve("common-name", await make({ signer: root, names: "" })),
    serve("other-common-name", await make({ signer: root, subject: "elsewhere.example", names: "" })),
    serve("no-subject", await make({ signer: root, subject: "" })),
    serve("wanting", good, { ...WANTING, maxVersion: "TLSv1.2" }),
    serve("wanting-newly", good, WANTING),
    serve("wanting-under-short", await chained(folder.path, underShort, [short]), {
      ...WANTING,
      maxVersion: "TLSv1.2",
    }),
    serve("wanting-expired", await make({ signer: root, days: [-60, -5] }), { ...WANTING, maxVersion: "TLSv1.2" }),
    serve("wanting-unknown", await make({ signer: stranger }), { ...WANTING, maxVersion: "TLSv1.2" }),
    serve("wanting-self-signed", await make({}), { ...WANTING, maxVersion: "TLSv1.2" }),
    serve("old-way", await chained(folder.path, good, [old, stranger])),
    listen(
      "plain",
      createTcpServer((socket) => void socket.on("error", () => {}).end("220 ready\r\n")),
    ),
    listen(
      "silent",
      createTcpServer((socket) => void socket.on("error", () => {}).resume()),
    ),
  ]);
  await Promise.all([
    listen("forged", forging(ports.older ?? 0)),
    listen("wanting-forged", forging(ports.wanting ?? 0)),
  ]);
});

afterAll(async () => {
  for (const server of servers) server.close();
  await folder.remove();
});

async function probeAt(
  health_url: string,
  health_options: HealthOptions = {},
  { reach = reachOf([], null), timeoutS = 20 }: { reach?: Reach; timeoutS?: number } = {},
) {
  const context = nodeContext({
    agent: "dc-1",
    hubId: "hub",
    environment: {},
    now: Date.now,
    reach,
    memory: new Lately(),
    lateness: new Lateness(systemClock),
  });
  const check = aCheck({ health_method: "tls", health_url, health_options, health_timeout: timeoutS });
  const seat = { until: (free: Promise<unknown>) => void free.catch(() => {}), hung: () => {} };
  return await runProbe(check, context, { target: targetOf(check, context), seat });
}

const probe = (name: string, options: HealthOptions = {}) => probeAt(`localhost:${ports[name]}`, options);

describe("a certificate that is fine", () => {
  test("passes, and its details say how long, by whom and for what", async () => {
    const found = await probe("good");
    expect(found).toMatchObject({ verdict: "ok", error: null });
    expect(found.details).toEqual({
      days_left: 40,
      protocol: "TLSv1.3",
      names: "localhost, 127.0.0.1",
      issuer: "CN=Root of the tests, O=Test",
      subject: "CN=localhost, O=Test",
      not_after: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/),
    });
    expect(found.latency_ms).toBeGreaterThanOrEqual(0);
    expect(Date.parse(String(found.details.not_after)) - Date.now()).toBeGreaterThan(40 * 86_400_000);
  });

  test("passes by its address, by an older protocol, and under an authority that the server sends", async () => {
    expect(await probeAt(`tls://127.0.0.1:${ports.good}`)).toMatchObject({ verdict: "ok", error: null });
    expect(await probe("older")).toMatchObject({ verdict: "ok", details: { protocol: "TLSv1.2" } });
    expect(await probe("between")).toMatchObject({ verdict: "ok", error: null, details: { days_left: 60 } });
  });

  test("is looked at without a trace of an error at the server", async () => {
    asked.length = 0;
    broken.length = 0;
    for (const name of ["good", "older", "between"]) await probe(name);
    const all = ["good localhost", "older localhost", "between localhost"];
    await until(() => expect(asked).toEqual(expect.arrayContaining(all)));
    expect(broken).toEqual([]);
  });

  test("passes where the server wants one of the client, too", async () => {
    const older = await probe("wanting");
    expect(older).toMatchObject({ verdict: "ok", error: null });
    expect(older.details).toMatchObject({ days_left: 40, protocol: "TLSv1.2", client_certificate: "wanted" });
    expect(await probe("wanting-newly")).toMatchObject({ verdict: "ok", details: { protocol: "TLSv1.3" } });
    const short = await probe("wanting-under-short");
    expect(short).toMatchObject({ verdict: "warn", details: { days_left: 5, client_certificate: "wanted" } });
  });

  test("passes without a subject, as newer authorities make it", async () => {
    const { verdict, error, details } = await probe("no-subject");
    expect({ verdict, error }).toEqual({ verdict: "ok", error: null });
    expect(details).not.toHaveProperty("subject");
    expect(details).toMatchObject({ names: "localhost, 127.0.0.1" });
  });

  test("passes beside an old way to another root, which nobody needs any more", async () => {
    expect(await probe("old-way")).toMatchObject({ verdict: "ok", error: null, details: { days_left: 40 } });
  });
});

describe("a certificate that ends", () => {
  test("soon is degraded, and sooner fails, with the days in words", async () => {
    const ten = await probe("ten");
    expect(ten).toMatchObject({ verdict: "warn", details: { days_left: 10 } });
    expect(ten.error).toMatch(/^tls: the certificate ends in 10 days \(on \d{4}-\d\d-\d\d\)$/);
    const two = await probe("two");
    expect(two).toMatchObject({ verdict: "fail", details: { days_left: 2 } });
    expect(two.error).toMatch(/^tls: the certificate ends in 2 days/);
    expect((await probe("today")).error).toMatch(/^tls: the certificate ends in less than a day/);
  });

  test("is judged by the days of the check", async () => {
    expect((await probe("ten", { warn_days: 10 })).verdict).toBe("ok");
    expect((await probe("ten", { warn_days: 11 })).verdict).toBe("warn");
    expect((await probe("ten", { warn_days: 11, fail_days: 11 })).verdict).toBe("fail");
    expect((await probe("two", { warn_days: 0, fail_days: 0 })).verdict).toBe("ok");
    expect((await probe("good", { warn_days: 41 })).verdict).toBe("warn");
  });

  test("later than the one of its authority is judged by that", async () => {
    const found = await probe("short");
    expect(found).toMatchObject({ verdict: "warn", details: { days_left: 5 } });
    expect(found.error).toMatch(/^tls: the authority's certificate \(CN=Between, O=Test\) ends in 5 days/);
    expect((await probe("short", { fail_days: 6 })).verdict).toBe("fail");
  });
});

test.each<[string, HealthOptions, RegExp]>([
  ["expired", {}, /^tls: the certificate has expired \(on \d{4}-\d\d-\d\d\)$/],
  ["expired", { chain: false }, /^tls: the certificate has expired/],
  ["early", {}, /^tls: the certificate is not yet valid/],
  ["other", {}, /^tls: the certificate is for another name \(elsewhere\.example, \*\.wild\.example\)$/],
  [
    "good",
    { server_name: "elsewhere.example" },
    /^tls: the certificate is for another name \(localhost, 127\.0\.0\.1\)$/,
  ],
  ["common-name", {}, /^tls: the certificate names its host only in its common name, which clients no longer accept$/],
  ["other-common-name", {}, /^tls: the certificate is for another name \(elsewhere\.example\)$/],
  ["wanting-expired", {}, /^tls: the certificate has expired/],
  ["wanting-unknown", {}, /^tls: the certificate is of an unknown authority \(O=Test\), or the server leaves out/],
  ["wanting-self-signed", {}, /^tls: the certificate is self-signed$/],
  ["wanting", { server_name: "elsewhere.example" }, /^tls: the certificate is for another name \(localhost, 127/],
  ["unknown", {}, /^tls: the certificate is of an unknown authority \(O=Test\), or the server leaves out/],
  ["self-signed", {}, /^tls: the certificate is self-signed$/],
  ["incomplete", {}, /^tls: the certificate is of an unknown authority \(O=Test\), or the server leaves out/],
  ["plain", {}, /^tls: no TLS on this port$/],
  ["forged", {}, /^tls: /],
  ["wanting-forged", {}, /^tls: the handshake failed \(ERR_SSL_\w+\)$/],
  ["wanting-forged", { chain: false }, /^tls: the handshake failed \(ERR_SSL_\w+\)$/],
])("a check of the server %s with %o fails", async (name, options, error) => {
  const found = await probe(name, options);
  expect(found.verdict).toBe("fail");
  expect(found.error).toMatch(error);
});

describe("the options of a check", () => {
  test("let only the dates count", async () => {
    for (const name of ["unknown", "self-signed", "incomplete", "other", "common-name", "wanting-unknown"]) {
      expect(await probe(name, { chain: false })).toMatchObject({ verdict: "ok", error: null });
    }
  });

  test("name whom the server is asked for", async () => {
    const found = await probe("other", { server_name: "www.Wild.example" });
    expect(found).toMatchObject({ verdict: "ok", error: null });
    await until(() => expect(asked).toContain("other www.wild.example"));
  });
});

describe("an agent", () => {
  test("ends the look after the check's timeout, and tells a port that is closed", async () => {
    const silent = await probeAt(`localhost:${ports.silent}`, {}, { timeoutS: 1 });
    expect(silent).toMatchObject({ verdict: "fail", error: "timeout after 1 s: the TLS handshake did not end" });
    expect(await probeAt("127.0.0.1:2")).toMatchObject({ verdict: "fail", error: "connect: refused" });
  });

  test("goes where its own configuration lets it", async () => {
    const metadata = await probeAt("169.254.169.254:443", {}, { timeoutS: 1 });
    expect(metadata).toMatchObject({ verdict: "unprobeable", error: expect.stringMatching(/name it in targets$/) });
    const own = { addresses: ["192.0.2.1"], targets: patternsOf([]) };
    const labelled = await probeAt(`localhost:${ports.good}`, {}, { reach: reachOf([], own) });
    expect(labelled).toMatchObject({ verdict: "unprobeable" });
    expect(labelled.error).toMatch(/labels reach their container only/);
  });

  test("gets the check from its hub, runs it and reports it", async () => {
    const hub = await startFakeHub();
    const check = aCheck({
      health_method: "tls",
      health_url: `localhost:${ports.ten}`,
      agent: "dc-1",
      health_timeout: 20,
    });
    hub.checks = (_request, response) =>
      void response.end(JSON.stringify({ hub_id: "hub", agent: "dc-1", now: Date.now(), checks: [check] }));
    const agent = startAgentHere(hub.url);
    await until(() => expect(hub.reports.flatMap(({ observations }) => observations)).not.toEqual([]));
    await agent.stop();
    await hub.close();
    const [seen] = hub.reports.flatMap(({ observations }) => observations);
    expect(seen).toMatchObject({ service_id: check.service_id, verdict: "warn", details: { days_left: 10 } });
    expect(seen?.error).toMatch(/^tls: the certificate ends in 10 days/);
  });
});
