import { describe, expect, inject, it } from "vitest";
import type { HealthOptions } from "../../src/core/service/options.ts";
import { runCheck } from "./run-check.ts";
import { runtime } from "./runtime.ts";

const { redis, postgres, nginx, faulty, black_hole, nothing } = inject("servers");
const PASSWORD = "${PROBE_SECRET_TEST}" as const;
const TLS_ONLY = { user: "tls_only", password: PASSWORD } as const;
const check = (health_method: "tcp" | "redis" | "postgres", health_url: string, health_options: HealthOptions = {}) =>
  runCheck({ health_method, health_url, health_options });
const pg = (port: number, rest = "", options: HealthOptions = {}) =>
  check("postgres", `postgres://127.0.0.1:${port}/postgres${rest}`, options);
const rd = (port: number, options: HealthOptions = {}) => check("redis", `redis://127.0.0.1:${port}`, options);

describe("tcp", () => {
  const tcp = (port: number, options: HealthOptions = {}) => check("tcp", `127.0.0.1:${port}`, options);
  it("is up when the port opens", async () => {
    expect(await tcp(redis.open)).toMatchObject({ verdict: "ok", error: null });
  });
  it("sends and expects", async () => {
    expect((await tcp(faulty.greeting, { send: "EHLO hub\r\n", expect: "EHLO hub" })).verdict).toBe("ok");
    expect((await tcp(redis.open, { send: "PING\r\n", expect: "+PONG" })).verdict).toBe("ok");
  });
  it.each([
    ["nothing listens", nothing, {}, /^connect: refused/],
    ["it is a black hole", black_hole, {}, /^timeout after 2 s: connecting/],
    ["it says nothing", faulty.silent, { expect: "hello" }, /^timeout after 2 s: the expected answer did not come/],
    ["it drips", faulty.drip, { expect: "hello" }, /^timeout after 2 s/],
    ["it closes", faulty.half_open, { expect: "hello" }, /does not contain|closed/],
    ["it floods", faulty.flood, { expect: "hello" }, /does not contain "hello"/],
    ["it speaks no TLS", faulty.garbage, { tls: true, expect: "x" }, /^tls: /],
    ["it speaks no TLS and nothing is expected", faulty.garbage, { tls: true }, /^tls: /],
    ["the TLS handshake hangs", faulty.silent, { tls: true }, /^timeout after 2 s/],
  ] as [string, number, HealthOptions, RegExp][])("fails when %s", async (_what, port, options, error) => {
    const found = await tcp(port, options);
    expect(found.verdict).toBe("fail");
    expect(found.error).toMatch(error);
  });
});

describe("redis", () => {
  it("is up and tells its version", async () => {
    const found = await rd(redis.open);
    expect(found).toMatchObject({ verdict: "ok", error: null });
    expect(found.details.version).toMatch(/^\d+\.\d+/);
  });
  it("logs in with a secret; a user that may only PING tells no version", async () => {
    expect((await rd(redis.locked, { password: PASSWORD })).details.version).toMatch(/^\d/);
    expect(await rd(redis.locked, { user: "pinger", password: PASSWORD })).toMatchObject({
      verdict: "ok",
      details: {},
    });
  });
  it("speaks TLS to a server whose certificate is trusted", async () => {
    const found = await check("redis", `rediss://localhost:${redis.tls}`);
    expect(found.error).toBeNull();
  });
  it("fails when the certificate is for another name", async () => {
    const found = await check("tcp", `localhost:${nginx.misnamed}`, { tls: true });
    expect(found).toMatchObject({ verdict: "fail", error: expect.stringMatching(/^tls: /) });
  });
  it.each([
    ["it wants a password", redis.locked, {}, /^redis: authentication required/],
    ["the user is unknown", redis.locked, { user: "nobody", password: PASSWORD }, /^redis: WRONGPASS/],
    ["its master is away", redis.orphan, {}, /MASTERDOWN/],
    ["nothing listens", nothing, {}, /^connect: refused/],
    ["it says nothing", faulty.silent, {}, /^timeout after 2 s: no answer from redis/],
    ["it drips", faulty.drip, {}, /^timeout after 2 s/],
    ["it talks garbage", faulty.garbage, {}, /not that of a Redis server/],
    ["it floods", faulty.flood, {}, /no line of the protocol/],
    ["it closes", faulty.closing, {}, /^connect: /],
    ["it resets", faulty.resetting, {}, /^connect: /],
  ] as [string, number, HealthOptions, RegExp][])("fails when %s", async (_what, port, options, error) => {
    const found = await rd(port, options);
    expect(found.verdict).toBe("fail");
    expect(found.error).toMatch(error);
  });
});

describe("postgres", () => {
  it("accepts connections: no user is needed to see that", async () => {
    expect(await pg(postgres.accepting)).toMatchObject({ verdict: "ok", error: null });
    expect(await pg(postgres.accepting, "?sslmode=disable")).toMatchObject({ verdict: "ok" });
    expect(await pg(postgres.accepting, "", { user: "nobody" })).toMatchObject({ verdict: "ok" });
  });
  it.each(["scram", "md5", "clear"])("logs in by %s, runs a query and tells the version", async (user) => {
    const options = { user, password: PASSWORD, query: "SELECT 1" };
    const found = await pg(postgres.accepting, "?sslmode=disable", options);
    expect(found.error).toBeNull();
    expect(found.details.version).toMatch(/^\d+\.\d+$/);
  });
  it("logs in over TLS where the server wants that, without a password where it trusts the user", async () => {
    const url = `postgres://localhost:${postgres.accepting}/postgres?sslmode=require`;
    const found = await check("postgres", url, { user: "tls_only", password: PASSWORD });
    expect(found).toMatchObject({ verdict: "ok", error: null });
  });
  it("is not down for a certificate of its own: neither prefer nor require checks it, as in libpq", async () => {
    for (const options of [{}, { user: "scram", password: PASSWORD } as const]) {
      expect(await pg(postgres.untrusted, "", options)).toMatchObject({ verdict: "ok", error: null });
      expect(await pg(postgres.untrusted, "?sslmode=prefer", options)).toMatchObject({ verdict: "ok", error: null });
      const required = await pg(postgres.untrusted, "?sslmode=require", options);
      expect(required.verdict).toBe(runtime.canSkipVerification ? "ok" : "unprobeable");
      expect(required.error ?? "").toMatch(runtime.canSkipVerification ? /^$/ : /use sslmode=prefer or disable/);
    }
  });
  it("sends no password in clear text that the server would have encrypted", async () => {
    for (const user of ["clear", "tls_only"]) {
      const found = await pg(postgres.untrusted, "", { user, password: PASSWORD });
      expect(found.verdict).toBe(runtime.canSkipVerification ? "ok" : "unprobeable");
      expect(found.error ?? "").toMatch(runtime.canSkipVerification ? /^$/ : /without TLS the server lets nobody in/);
    }
  });
  it("is refused by a server that is starting up", async () => {
    const found = await pg(postgres.rejecting);
    expect(found.verdict).toBe("fail");
    expect(found.error).toMatch(/^postgres: rejecting: the database system is/);
    expect(found.latency_ms).not.toBeNull();
  });
  it.each([
    [
      "the user may not log in",
      postgres.accepting,
      "?sslmode=disable",
      { user: "nobody", password: PASSWORD },
      /postgres: .*\(28/,
    ],
    [
      "the query fails",
      postgres.accepting,
      "?sslmode=disable",
      { user: "scram", password: PASSWORD, query: "SELECT 1/0" },
      /division by zero/,
    ],
    ["TLS is required and there is none", postgres.rejecting, "?sslmode=require", {}, /the server has no TLS/],
    ["its certificate is not trusted", postgres.untrusted, "?sslmode=verify-full", {}, /^tls: /],
    ["its certificate is of nobody known", postgres.untrusted, "?sslmode=verify-ca", {}, /^tls: /],
    ["it lets nobody in without TLS", postgres.accepting, "?sslmode=disable", TLS_ONLY, /no encryption \(28000\)/],
    ["nothing listens", nothing, "", {}, /^connect: refused/],
    ["it says nothing", faulty.silent, "", {}, /^timeout after 2 s: no answer from postgres/],
    ["it talks garbage", faulty.garbage, "", {}, /not that of a PostgreSQL server/],
    ["it talks garbage without TLS", faulty.garbage, "?sslmode=disable", {}, /not that of a PostgreSQL server/],
    ["it closes", faulty.closing, "?sslmode=disable", {}, /^connect: /],
  ] as [string, number, string, HealthOptions, RegExp][])(
    "fails when %s",
    async (_what, port, rest, options, error) => {
      const found = await pg(port, rest, options);
      expect(found.verdict).toBe("fail");
      expect(found.error).toMatch(error);
    },
  );
});

describe("a check that fails by itself tells nothing of its target", () => {
  const MISTAKE = new TypeError("undefined is not a function");
  const NO_FILES = Object.assign(new Error("connect EMFILE 127.0.0.1:6379"), { code: "EMFILE" });
  const targets = [
    ["http", `http://127.0.0.1:${nginx.http}`],
    ["tcp", `127.0.0.1:${redis.open}`],
    ["redis", `redis://127.0.0.1:${redis.open}`],
    ["postgres", `postgres://127.0.0.1:${postgres.accepting}/postgres`],
  ] as const;
  it.each(
    targets.flatMap(([method, url]) =>
      [MISTAKE, NO_FILES].map((error) => [method, error.message, url, error] as const),
    ),
  )("%s: %s", async (health_method, _message, health_url, error) => {
    const fails = () => {
      throw error;
    };
    const context = { connect: fails, ...(runtime.fetch === null ? {} : { fetch: async () => fails() }) };
    expect(await runCheck({ health_method, health_url }, true, context)).toMatchObject({
      verdict: "inconclusive",
      latency_ms: null,
      error: expect.stringMatching(/^the check itself failed: /),
    });
  });
});
