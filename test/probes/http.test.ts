import { describe, expect, inject, it } from "vitest";
import type { HealthOptions } from "../../src/core/service/options.ts";
import type { ProbeContext } from "../../src/probes/probe.ts";
import { runCheck } from "./run-check.ts";
import { runtime } from "./runtime.ts";

const { nginx, faulty, nothing } = inject("servers");
const page = (path: string) => `http://127.0.0.1:${nginx.http}${path}`;
const answer = (query: Record<string, string>) =>
  `http://127.0.0.1:${faulty.http}/answer?${new URLSearchParams(query)}`;
const json = (body: object, type = "application/json") => answer({ type, body: JSON.stringify(body) });
/** An address is asked by `fetch`, or over a socket where the platform's `fetch` refuses it. */
describe.each([
  ["fetch", true],
  ["a socket", false],
])("by %s", (_by, fetchesAddresses) => {
  const http = (health_url: string, health_options: HealthOptions = {}, context: Partial<ProbeContext> = {}) =>
    runCheck({ health_method: "http", health_url, health_options }, true, { fetchesAddresses, ...context });

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
    ] as [string, string, HealthOptions, string, string | null][])(
      "%s",
      async (_what, path, options, verdict, error) => {
        expect(await http(page(path), options)).toMatchObject({ verdict, error, vantage: "home" });
      },
    );

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

    it("that is nested too deeply for the path fails, because nobody may hide behind it", async () => {
      const nested = JSON.parse(`${"[".repeat(100)}${"]".repeat(100)}`);
      const found = await http(json(nested), { json: [{ path: "$..nowhere", op: "exists" }] });
      expect(found.verdict).toBe("fail");
      expect(found.error).toBe("http: $..nowhere: the document is nested too deeply to look for it everywhere");
      expect(found.latency_ms).not.toBeNull();
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

  describe("what Cloudflare answers in place of a target", () => {
    const edge = { server: "cloudflare", "cf-ray": "8a-AMS" };
    it.each([
      [521, edge, "", "fail", "connect: refused"],
      [522, edge, "<html>", "fail", "connect: no answer in time"],
      [525, edge, "", "fail", "tls: the certificate is not trusted or the handshake failed"],
      [530, edge, "error code: 1016", "fail", "connect: unknown host"],
      [530, {}, "error code: 1016", "fail", "connect: unknown host"],
    ] as [number, Record<string, string>, string, string, string][])(
      "%d is no answer of the target, whatever status is expected",
      async (status, headers, body, verdict, error) => {
        const fetch = async () => new Response(body, { status, headers });
        const options: HealthOptions = { expected_status: ["400-499", "500-599"] };
        const found = await http("http://api.example.com/", options, { fetch });
        expect(found).toMatchObject({ verdict, error, latency_ms: null });
      },
    );

    it.each([
      [522, {}, "out of memory"],
      [403, edge, "no entry"],
      [403, edge, "error code: 1042"],
      [503, edge, "error code: 1016"],
    ] as [number, Record<string, string>, string][])(
      "%d of the target itself is its own",
      async (status, headers, body) => {
        const fetch = async () => new Response(body, { status, headers });
        const found = await http(
          "http://api.example.com/",
          { expected_status: [status], body_contains: body },
          { fetch },
        );
        expect(found.verdict).toBe("ok");
      },
    );

    it.each(["1003", "1042"])("nobody forges to keep a check from failing: %s", async (code) => {
      const fetch = async () => new Response(`error code: ${code}`, { status: 403, headers: edge });
      const found = await http("http://api.example.com/", {}, { fetch });
      expect(found).toMatchObject({ verdict: "fail", error: "http: status 403, expected 200-299" });
    });
  });
});

describe("over a socket", () => {
  const overSocket = (url: string, options: HealthOptions = {}) =>
    runCheck({ health_method: "http", health_url: url, health_options: options }, true, {
      fetchesAddresses: false,
      fetch: () => Promise.reject(new Error("error code: 1003")),
    });

  it("no certificate of an address can be checked", async () => {
    const found = await overSocket(`https://127.0.0.1:${nginx.self_signed}/ok`);
    if (runtime.canSkipVerification) {
      expect(found).toMatchObject({ verdict: "fail", error: "tls: the certificate is self-signed" }); // agents can
      return;
    }
    expect(found).toMatchObject({ verdict: "unprobeable", latency_ms: null });
    expect(found.error).toContain("use the host's name");
  });

  it("a redirect from a name to an address is followed, too", async () => {
    const location = page("/ok");
    const found = await runCheck({ health_method: "http", health_url: "http://api.example.com/" }, true, {
      fetchesAddresses: false,
      fetch: async () => new Response(null, { status: 302, headers: { location } }),
    });
    expect(found).toMatchObject({ verdict: "ok", error: null });
  });

  it("lone answers are read: in chunks, without a length, without a body, after an interim one", async () => {
    for (const way of ["chunked", "until-close", "no-content", "early-hints"]) {
      const found = await overSocket(`http://127.0.0.1:${faulty.http}/way/${way}`, { expected_status: [200, 204] });
      expect([way, found.error]).toEqual([way, null]);
    }
    const long = await overSocket(`http://127.0.0.1:${faulty.http}/way/chunked`, { body_contains: "the end" });
    expect(long.error).toBeNull();
  });

  it.each([
    ["bad-length", "http: the answer's length is no number"],
    ["bad-chunk", "http: the answer's chunks can't be read"],
    ["many-headers", "http: the answer's headers are larger than 1024 KiB"],
    ["cut", "connect: closed in the middle of the answer"],
  ])("an answer that is wrong (%s) fails with its reason", async (way, error) => {
    const found = await overSocket(`http://127.0.0.1:${faulty.http}/way/${way}`, { body_contains: "y" });
    expect(found).toMatchObject({ verdict: "fail", error });
  });
});

describe("a certificate of its own", () => {
  it("fails with a clear error", async () => {
    const found = await runCheck({ health_method: "http", health_url: `https://127.0.0.1:${nginx.self_signed}/ok` });
    expect(found).toMatchObject({ verdict: "fail", error: "tls: the certificate is self-signed" });
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
