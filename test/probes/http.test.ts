import { describe, expect, inject, it } from "vitest";
import type { HealthOptions } from "../../src/core/options.ts";
import { runCheck } from "./run-check.ts";

const { nginx, faulty, nothing } = inject("servers");
const page = (path: string) => `http://127.0.0.1:${nginx.http}${path}`;
const answer = (query: Record<string, string>) =>
  `http://127.0.0.1:${faulty.http}/answer?${new URLSearchParams(query)}`;
const json = (body: object, type = "application/json") => answer({ type, body: JSON.stringify(body) });
const http = (health_url: string, health_options: HealthOptions = {}) =>
  runCheck({ health_method: "http", health_url, health_options });

describe("an nginx page", () => {
  it.each([
    ["is up by its status", "/ok", {}, "ok", null],
    ["is up after a redirect", "/moved", {}, "ok", null],
    ["fails by its status", "/missing", {}, "fail", "http: status 404, expected 200-299"],
    ["may be expected to be missing", "/missing", { expected_status: ["400-499"] }, "ok", null],
    ["may be expected to redirect", "/moved", { follow_redirects: false, expected_status: [301] }, "ok", null],
    ["holds what it should", "/ok", { body_contains: "is well" }, "ok", null],
    [
      "lacks what it should hold",
      "/ok",
      { body_contains: "is ill" },
      "fail",
      'http: the body does not contain "is ill"',
    ],
    ["holds what it should not", "/ok", { body_not_contains: "well" }, "fail", 'http: the body contains "well"'],
    ["is no JSON", "/ok", { json: [{ path: "$.a", op: "exists" }] }, "fail", "http: the body is not JSON"],
  ] as [string, string, HealthOptions, string, string | null][])("%s", async (_what, path, options, verdict, error) => {
    expect(await http(page(path), options)).toMatchObject({ verdict, error, vantage: "home" });
  });

  it("is asked by a user agent that names the hub and the vantage", async () => {
    const found = await http(page("/agent"), { body_contains: "(hub-test; vantage=home)" });
    expect(found.error).toBeNull();
  });

  it("tells its version", async () => {
    expect(await http(page("/health"))).toMatchObject({ verdict: "ok", details: { version: "3.1.4" } });
  });
});

describe("a JSON answer", () => {
  it.each([
    [{ status: "pass" }, "ok", null],
    [{ status: "UP" }, "ok", null],
    [{ status: "degraded" }, "warn", "the service reports degraded"],
    [{ status: "warn", output: "disk 91 %" }, "warn", "the service reports warn: disk 91 %"],
    [{ status: "down" }, "fail", "the service reports down"],
    [{ status: 5 }, "ok", null],
    [["up"], "ok", null],
  ])("%j is %s", async (body, verdict, error) => {
    expect(await http(json(body))).toMatchObject({ verdict, error });
  });

  it("counts its endpoints and tells uptime and version", async () => {
    const checks = { db: [{ status: "pass" }, { status: "fail" }], cache: { status: "ok" }, queue: "up", note: 1 };
    const found = await http(json({ status: "pass", version: 2, uptime: 77, checks }, "application/health+json"));
    expect(found.details).toEqual({ version: "2", uptime: 77, endpoints_healthy: 3, endpoints_total: 4 });
  });

  it("is asserted on by JSONPath", async () => {
    const holds = { json: [{ path: "$.queue.depth", op: "<" as const, value: 10 }] };
    expect((await http(json({ queue: { depth: 3 } }), holds)).verdict).toBe("ok");
    expect((await http(json({ queue: { depth: 30 } }), holds)).verdict).toBe("fail");
  });

  it("that is nested too deeply for the path says nothing about the service", async () => {
    const nested = JSON.parse(`${"[".repeat(100)}${"]".repeat(100)}`);
    const found = await http(json(nested), { json: [{ path: "$..nowhere", op: "exists" }] });
    expect(found.verdict).toBe("unprobeable");
    expect(found.error).toMatch(/^http: \$\.\.nowhere: recursion limit.*; use a simpler path$/);
  });

  it("says why even when the status is wrong", async () => {
    const body = JSON.stringify({ status: "fail", output: "no database" });
    const found = await http(answer({ status: "503", type: "application/json", body }));
    expect(found.error).toBe("http: status 503, expected 200-299 (the service reports fail: no database)");
    expect(found.latency_ms).not.toBeNull();
  });
});

describe("a request", () => {
  it("carries method, headers, body and secrets; the secret shows nowhere", async () => {
    const found = await http(`http://127.0.0.1:${faulty.http}/echo`, {
      method: "POST",
      headers: { "X-Api-Key": "${PROBE_SECRET_TEST}" },
      body: "ping",
      body_contains: "no such text",
    });
    expect(found.error).toContain("does not contain");
    const same = { method: "POST" as const, body: "ping", body_contains: '"body":"ping"' };
    expect((await http(`http://127.0.0.1:${faulty.http}/echo`, same)).verdict).toBe("ok");
  });

  it("names a secret that is not set", async () => {
    const found = await http(page("/ok"), { headers: { Authorization: "Bearer ${PROBE_SECRET_NONE}" } });
    expect(found).toMatchObject({ verdict: "unprobeable", error: "the secret PROBE_SECRET_NONE is not set" });
  });

  it("never tells a secret in an error", async () => {
    const found = await http(page("/ok"), { body_contains: "${PROBE_SECRET_TEST}" });
    expect(found.error).toBe('http: the body does not contain "${PROBE_SECRET_TEST}"');
  });
});

describe("a server in trouble", () => {
  it.each([
    ["nothing listens", `http://127.0.0.1:${nothing}/`, {}, /^connect: /],
    ["says nothing", `http://127.0.0.1:${faulty.http}/silent`, {}, /^timeout after 2 s: no response headers/],
    ["redirects in a loop", `http://127.0.0.1:${faulty.http}/loop`, {}, /more than 5 redirects/],
    [
      "stalls in its body",
      `http://127.0.0.1:${faulty.http}/stalled?type=application/json`,
      {},
      /timeout after 2 s: the body/,
    ],
    ["never ends its body", `http://127.0.0.1:${faulty.http}/endless`, { body_contains: "x" }, /does not contain/],
    ["talks garbage", `http://127.0.0.1:${faulty.garbage}/`, {}, /./],
    ["closes at once", `http://127.0.0.1:${faulty.closing}/`, {}, /./],
    ["redirects to nowhere", answer({ status: "302", location: "http://[bad" }), {}, /redirect to no URL/],
    ["has a certificate of its own", `https://127.0.0.1:${nginx.self_signed}/ok`, {}, /tls|connect/],
  ] as [string, string, HealthOptions, RegExp][])(
    "that %s fails with a clear error",
    async (_what, url, options, error) => {
      const found = await http(url, options);
      expect(found.verdict).toBe("fail");
      expect(found.error).toMatch(error);
    },
  );

  it("whose body is endless but of no interest is up", async () => {
    expect((await http(`http://127.0.0.1:${faulty.http}/endless`)).verdict).toBe("ok");
  });
});

describe("with private targets refused", () => {
  it.each([
    "http://127.0.0.1/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://[::ffff:127.0.0.1]/",
    "http://localhost./",
  ])("%s is not probed", async (health_url) => {
    const found = await runCheck({ health_url }, false);
    expect(found).toMatchObject({ verdict: "unprobeable", latency_ms: null });
    expect(found.error).toMatch(/^refused target/);
  });
});
