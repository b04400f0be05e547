import { describe, expect, it } from "vitest";
import type { HealthMethod } from "../../../src/core/methods/index.ts";
import { authority, guessPort, guessServiceType, parseTarget } from "../../../src/core/service/target.ts";

const parse = (method: HealthMethod, url: string, allowPrivate = false) => parseTarget(method, url, { allowPrivate });
const target = (method: HealthMethod, url: string) => {
  const result = parse(method, url);
  if (!result.ok) throw new Error(result.error);
  return result.value;
};
const error = (method: HealthMethod, url: string, allowPrivate = false) => {
  const result = parse(method, url, allowPrivate);
  return result.ok ? "fine" : result.error;
};

describe("a target is taken apart", () => {
  it.each<[HealthMethod, string, object]>([
    ["http", "http://Example.com", { host: "example.com", port: 80, tls: false, path: "/" }],
    ["http", "https://example.com/a b".replace(" ", "%20"), { port: 443, tls: true, path: "/a%20b" }],
    ["http", "https://example.com:80/x?q=1#part", { port: 80, tls: true, path: "/x?q=1" }],
    ["http", "HTTP://example.com:443", { port: 443, tls: false }],
    ["http", "https://[2606:4700::1111]:8443/", { host: "2606:4700::1111", port: 8443 }],
    ["http", "https://example.com/?user=me", { user: null, password: null }],
    ["tcp", "example.com:22", { host: "example.com", port: 22, tls: false, path: "" }],
    ["tcp", "example.com:80", { port: 80 }],
    ["tcp", "tcp://example.com:443", { port: 443, tls: false }],
    ["tcp", "tls://example.com:443", { port: 443, tls: true }],
    ["redis", "redis://cache.example.com", { port: 6379, tls: false, user: null, password: null }],
    [
      "redis",
      "rediss://u:${PROBE_SECRET_R}@cache.example.com:80/0",
      { port: 80, tls: true, user: "u", password: "${PROBE_SECRET_R}" },
    ],
    ["postgres", "postgres://db.example.com/app", { port: 5432, database: "app", sslmode: "prefer" }],
    ["postgres", "postgresql://me@db.example.com:6432", { port: 6432, user: "me", database: null }],
    [
      "postgres",
      "postgres://db.example.com/?user=me&dbname=app&password=${PROBE_SECRET_P}&sslmode=verify-full",
      { user: "me", database: "app", password: "${PROBE_SECRET_P}", sslmode: "verify-full" },
    ],
  ])("%s %s", (method, url, parts) => {
    expect(target(method, url)).toMatchObject(parts);
  });

  it("takes anything for checks that are reported to the hub", () => {
    expect(parse("exec", "")).toEqual({ ok: true, value: null });
    expect(parse("heartbeat", "whatever it is")).toEqual({ ok: true, value: null });
  });
});

describe("a malformed target says what is expected", () => {
  it.each<[HealthMethod, string, RegExp]>([
    ["http", "example.com/health", /http:\/\/ or https:\/\//],
    ["http", "ftp://example.com", /http:\/\/ or https:\/\//],
    ["http", "http://", /http:\/\/ or https:\/\//],
    ["http", "http:///path", /http:\/\/ or https:\/\//],
    ["http", "http://exa mple.com", /without blanks/],
    ["http", "http://example.com:0/", /port is missing/],
    ["http", "http://example.com:99999/", /http:\/\/ or https:\/\//],
    ["http", "http://${PROBE_SECRET_HOST}/", /host name/],
    ["http", "https://a:%ff@example.com/", /percent-encoded/],
    ["tcp", "example.com", /host:port/],
    ["tcp", "example.com:", /port is missing/],
    ["tcp", "example.com:22/path", /host:port/],
    ["tcp", "me@example.com:22", /host:port/],
    ["tcp", "http://example.com:22", /host:port/],
    ["tcp", "", /host:port/],
    ["redis", "cache.example.com:6379", /redis:\/\//],
    ["redis", "redis://:6379", /redis:\/\//],
    ["postgres", "mysql://db.example.com", /postgres:\/\//],
    ["postgres", "postgres://db.example.com/?sslmode=always", /sslmode: expected one of disable/],
    ["postgres", "postgres://db.example.com/?host=10.0.0.1", /parameter host is refused/],
    ["http", `http://example.com/${"x".repeat(3000)}`, /longer than 2048/],
  ])("%s %s", (method, url, message) => {
    expect(error(method, url, true)).toMatch(message);
  });
});

describe("credentials in plain text are refused", () => {
  it.each<[HealthMethod, string]>([
    ["http", "https://me:hunter2@example.com/"],
    ["http", "https://sometoken@example.com/"],
    ["http", "https://example.com/?token=hunter2"],
    ["http", "https://example.com/?API_KEY=hunter2"],
    ["redis", "redis://:hunter2@cache.example.com"],
    ["redis", "redis://cache.example.com?password=hunter2"],
    ["postgres", "postgres://me:hunter2@db.example.com"],
    ["postgres", "postgres://me:x${PROBE_SECRET_P}@db.example.com"],
    ["postgres", "postgres://db.example.com/?password=hunter2"],
  ])("%s %s", (method, url) => {
    expect(error(method, url)).toBe("credentials in plain text are refused: use ${PROBE_SECRET_NAME}");
  });

  it.each<[HealthMethod, string]>([
    ["http", "https://me:${PROBE_SECRET_W}@example.com/"],
    ["http", "https://example.com/hook/${PROBE_SECRET_W}?token=${PROBE_SECRET_W}"],
    ["redis", "redis://:${PROBE_SECRET_R}@cache.example.com"],
    ["postgres", "postgres://me:${PROBE_SECRET_P}@db.example.com"],
  ])("%s %s is fine", (method, url) => {
    expect(error(method, url)).toBe("fine");
  });

  it("but not in what is never stored", () => {
    const options = { allowPrivate: false, allowCredentials: true };
    expect(parseTarget("http", "https://a:b@example.com/?token=c", options)).toMatchObject({ ok: true });
  });
});

const LOOPBACKS = [
  "127.0.0.1",
  "2130706433",
  "0177.0.0.1",
  "0x7f.1",
  "127.1",
  "0x7F000001",
  "[::1]",
  "[::ffff:127.0.0.1]",
  "[0:0:0:0:0:ffff:7f00:0001]",
  "[::127.0.0.1]",
  "localhost",
  "LOCALHOST",
  "localhost.",
  "a.localhost",
  "127.0.0.1.",
  "%6c%6fcalhost",
  "１２７。０。０。１",
  "ⓛocalhost",
  "metadata.google.internal",
  "169.254.169.254",
  "[fd00:ec2::254]",
];

describe("a target that is not public", () => {
  it.each(LOOPBACKS)("%s is refused by every method that probes", (host) => {
    for (const url of [`http://${host}/`, `https://user:\${PROBE_SECRET_X}@${host}:444/x`]) {
      expect(error("http", url)).toMatch(/is refused: /);
    }
    expect(error("http", `http://good.example\\@${host}/`)).toBe("fine"); // the host is good.example, as fetch reads it
    expect(error("tcp", `${host}:22`)).toMatch(/is refused: /);
    expect(error("redis", `redis://${host}:6379`)).toMatch(/is refused: /);
    expect(error("postgres", `postgres://${host}/db`)).toMatch(/is refused: /);
  });

  it.each(LOOPBACKS)("%s is fine where private targets are allowed", (host) => {
    expect(error("tcp", `${host}:22`, true)).toBe("fine");
  });
});

describe("what a target tells about its service", () => {
  it.each<[HealthMethod, string, number | null, string]>([
    ["http", "https://example.com/health", 443, "web"],
    ["http", "https://example.com/api/health", 443, "api"],
    ["http", "http://api.example.com", 80, "api"],
    ["tcp", "[::1]:5672", 5672, "queue"],
    ["tcp", "127.0.0.1:3306", 3306, "database"],
    ["tcp", "127.0.0.1:7", 7, "other"],
    ["tcp", "nonsense", null, "other"],
    ["redis", "redis://CACHE", 6379, "cache"],
    ["postgres", "postgres://a:plain@db", 5432, "database"],
    ["exec", "", null, "other"],
    ["heartbeat", "", null, "worker"],
    ["http", "nonsense", null, "web"],
  ])("%s %s", (method, url, port, type) => {
    expect(guessPort(method, url)).toBe(port);
    expect(guessServiceType(method, url)).toBe(type);
  });

  it("writes an IPv6 address in brackets before its port", () => {
    expect(authority({ host: "::1", port: 80 })).toBe("[::1]:80");
  });
});
