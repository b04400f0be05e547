import { describe, expect, test } from "vitest";
import type { HealthMethod } from "../../../src/core/methods/index.ts";
import { optionErrors } from "../../../src/core/service/option-rules.ts";
import { parsePatch, parseService } from "../../../src/core/service/service-rules.ts";
import { Fitness } from "../../../src/core/service/unfit-checks.ts";
import { aCheck, T0 } from "../fixtures.ts";
import { aBody, aRow } from "../rows.ts";

const rules = { allowPrivate: true, mayReceive: () => true };
const URLS: Partial<Record<HealthMethod, string>> = {
  http: "http://a.example.com/",
  tcp: "a.example.com:22",
  websocket: "wss://a.example.com/live",
  redis: "redis://a.example.com",
  postgres: "postgres://a.example.com/app",
};

function pathsOf(health_method: HealthMethod, health_options: object, over: object = {}): string[] {
  const body = aBody({ health_method, health_url: URLS[health_method] ?? "", health_options, ...over } as never);
  const parsed = parseService(body, rules);
  return parsed.ok ? [] : parsed.error.map(({ path }) => path);
}

describe("options that could never work are refused, with their field", () => {
  test.each<[string, HealthMethod, object, string]>([
    ["a body of a GET by default", "http", { body: "x" }, "body"],
    ["a body of a GET", "http", { method: "GET", body: "x" }, "body"],
    ["a body of a HEAD", "http", { method: "HEAD", body: "x" }, "body"],
    ["HEAD with a keyword", "http", { method: "HEAD", body_contains: "x" }, "body_contains"],
    ["HEAD with a forbidden keyword", "http", { method: "HEAD", body_not_contains: "x" }, "body_not_contains"],
    ["HEAD with JSON", "http", { method: "HEAD", json: [{ path: "$.a", op: "exists" }] }, "json"],
    ["less than nothing", "http", { json: [{ path: "$.a", op: "<" }] }, "json[0].value"],
    ["less than a text", "http", { json: [{ path: "$.a", op: "<=", value: "5" }] }, "json[0].value"],
    ["more than true", "http", { json: [{ path: "$.a", op: ">", value: true }] }, "json[0].value"],
    ["more than null", "http", { json: [{ path: "$.a", op: ">=", value: null }] }, "json[0].value"],
    ["equal to nothing", "http", { json: [{ path: "$.a", op: "==" }] }, "json[0].value"],
    ["unlike nothing", "http", { json: [{ path: "$.a", op: "!=" }] }, "json[0].value"],
    ["contains nothing", "http", { json: [{ path: "$.a", op: "contains" }] }, "json[0].value"],
    ["exists with a number", "http", { json: [{ path: "$.a", op: "exists", value: 1 }] }, "json[0].value"],
    ["match()", "http", { json: [{ path: "$[?match(@.a, 'b')]", op: "exists" }] }, "json[0].path"],
    ["a header of the upgrade", "websocket", { headers: { "Sec-WebSocket-Key": "x" } }, "headers.Sec-WebSocket-Key"],
    ["a header of the connection", "websocket", { headers: { upgrade: "h2c" } }, "headers.upgrade"],
    ["a secret in plain text", "websocket", { headers: { cookie: "a=b" } }, "headers.cookie"],
    ["a condition that is none", "websocket", { json: [{ path: "$.a", op: "<" }] }, "json[0].value"],
    ["a step that does nothing", "tcp", { steps: [{}] }, "steps[0]"],
    ["steps beside a text to send", "tcp", { steps: [{ expect: "a" }], send: "b" }, "send"],
    ["steps beside a text to expect", "tcp", { steps: [{ expect: "a" }], expect: "b" }, "expect"],
    ["TLS that nobody agrees to", "tcp", { steps: [{ send: "a" }, { tls: true }] }, "steps[1].tls"],
    ["TLS before the answer", "tcp", { steps: [{ expect: "a", send: "b", tls: true }] }, "steps[0].tls"],
    ["TLS inside TLS", "tcp", { tls: true, steps: [{ expect: "a", tls: true }] }, "steps[0].tls"],
    ["TLS twice", "tcp", { steps: [1, 2].map(() => ({ expect: "a", tls: true })) }, "steps[1].tls"],
    ["processor time of no container", "http", { degraded_above_cpu: 80 }, "degraded_above_cpu"],
    ["memory of no container", "tcp", { degraded_above_memory: 80 }, "degraded_above_memory"],
    ["restarts of a heartbeat", "heartbeat", { degraded_above_restarts: 1 }, "degraded_above_restarts"],
    ["the response time of a heartbeat", "heartbeat", { degraded_above_ms: 1 }, "degraded_above_ms"],
    ["an option of another method", "tcp", { body_contains: "x" }, "body_contains"],
    ["an interim status", "http", { expected_status: [101] }, "expected_status[0]"],
    ["interim statuses", "http", { expected_status: [200, "100-199"] }, "expected_status[1]"],
    ["a redirect that is followed", "http", { expected_status: [301], follow_redirects: true }, "follow_redirects"],
    ["both keywords", "http", { body_contains: "all ok", body_not_contains: "ok" }, "body_not_contains"],
    ["a user of Redis without a password", "redis", { user: "me" }, "user"],
    ...["Expect", "transfer-encoding", "Connection", "TE", "Upgrade", "Trailer", "Keep-Alive"].map(
      (name): [string, HealthMethod, object, string] => [name, "http", { headers: { [name]: "x" } }, `headers.${name}`],
    ),
    [
      "a wrong length",
      "http",
      { method: "POST", body: "é", headers: { "Content-Length": "1" } },
      "headers.Content-Length",
    ],
    ["a body where there is none", "http", { expected_status: [204, "304"], body_contains: "x" }, "expected_status"],
    ["an empty user", "postgres", { user: "" }, "user"],
    ["a query with NUL", "postgres", { query: "select 1\0" }, "query"],
    ["a length of nothing", "http", { headers: { "content-length": "0" } }, "headers.content-length"],
    ["an empty host", "http", { headers: { Host: "" } }, "headers.Host"],
    ["a host that is a URL", "http", { headers: { Host: "http://a" } }, "headers.Host"],
    ["a header twice", "http", { headers: { "X-A": "1", "x-a": "2" } }, "headers.x-a"],
    ["a header of Cloudflare", "http", { headers: { "CF-Connecting-IP": "1.2.3.4" } }, "headers.CF-Connecting-IP"],
  ])("%s", (_what, method, options, path) => {
    expect(pathsOf(method, options)).toEqual([`health_options.${path}`]);
  });

  test.each<[string, HealthMethod]>([
    ["redis://a.example.com/x", "redis"],
    ["redis://a.example.com/1/2", "redis"],
    ["redis://a.example.com?db=a", "redis"],
    ["redis://a.example.com/1?db=2", "redis"],
    ["redis://me@a.example.com", "redis"],
    ["postgres://a.example.com/x?channel_binding=require", "postgres"],
    ["postgres://a.example.com/x?target_session_attrs=read-write", "postgres"],
    ["postgres://a.example.com/x?sslmode=require&sslmode=disable", "postgres"],
  ])("%s says what the probe can't do", (health_url, method) => {
    expect(pathsOf(method, {}, { health_url })).toEqual(["health_url"]);
  });

  test("tls:// without TLS", () => {
    expect(pathsOf("tcp", { tls: false }, { health_url: "tls://a.example.com:443" })).toEqual(["health_options.tls"]);
  });
});

describe("what works is accepted", () => {
  test.each<[string, HealthMethod, object, object?]>([
    ["a POST with a body and its length", "http", { method: "POST", body: "é", headers: { "Content-Length": "2" } }],
    ["a POST without a body", "http", { method: "POST", headers: { "Content-Length": "0" } }],
    ["a coded body", "http", { method: "POST", body: "x", headers: { "Content-Encoding": "aes128gcm" } }],
    [
      "harmless parameters",
      "postgres",
      {},
      { health_url: "postgres://a.example.com/x?application_name=a&connect_timeout=3" },
    ],
    ["an answer without a body among others", "http", { expected_status: [200, 204], body_contains: "x" }],
    ["a host", "http", { headers: { Host: "shop.example.com:8080" } }],
    ["an address as a host", "http", { headers: { Host: "[::1]:80" } }],
    ["a comparison with zero", "http", { json: [{ path: "$.a", op: "<", value: 0 }] }],
    ["null", "http", { json: [{ path: "$.a", op: "==", value: null }] }],
    ["false", "http", { json: [{ path: "$.a", op: "exists", value: false }] }],
    ["a redirect that is expected", "http", { expected_status: [301, "307-308"] }],
    ["a query without a password", "postgres", { query: "select 1" }],
    ["a user of PostgreSQL", "postgres", { user: "me" }],
    ["a container's use", "http", { degraded_above_cpu: 80 }, { agent: "a", container_id: "c" }],
    ["an agent's header", "http", { headers: { "CF-Ray": "1" } }, { agent: "a" }],
    ["a number as a database", "redis", {}, { health_url: "redis://a.example.com:6379/15" }],
    ["a database as a parameter", "redis", {}, { health_url: "redis://a.example.com?db=3" }],
    ["no database", "redis", {}, { health_url: "redis://a.example.com/" }],
  ])("%s", (_what, method, options, over) => {
    expect(pathsOf(method, options, over)).toEqual([]);
  });
});

describe("options that an earlier release accepted", () => {
  const row = aRow({ health_options: { body: "x" } } as never);

  test("stay when other fields change, and are refused when the options themselves do", () => {
    expect(parsePatch(row, { tags: ["a"] }, rules).ok).toBe(true);
    expect(parsePatch(row, { enabled: false }, rules).ok).toBe(true);
    expect(parsePatch(row, { health_options: { body: "y" } }, rules).ok).toBe(false);
  });

  test("are counted, and the first ten are named with their services", () => {
    const checks = Array.from({ length: 12 }, (_none, index) => ({
      check: aCheck({ service_id: index + 1, health_options: index < 11 ? { body: "x" } : {} }),
    }));
    const { count, first } = new Fitness().unfit(checks, T0);
    expect(count).toBe(11);
    expect(first).toHaveLength(10);
    expect(first[0]).toBe("service 1: health_options.body: GET sends no body: set method to POST");
    expect(optionErrors(aCheck({}))).toEqual([]);
  });

  test("are named with a reserved name, and with checks that could not be read, for an hour", () => {
    const fitness = new Fitness();
    fitness.note({ service_id: 7, place: "p/x", error: "health_method: expected one of …" }, T0);
    const checks = [{ check: aCheck({ service_id: 1, name: "summary" }) }];
    const reserved = "service 1: name: it is reserved: rename the service";
    expect(fitness.unfit(checks, T0 + 3_600_000)).toEqual({
      count: 2,
      first: ["service 7 can't be judged: health_method: expected one of …", reserved],
    });
    expect(fitness.unfit(checks, T0 + 3_600_001)).toEqual({ count: 1, first: [reserved] });
  });
});
