/** Whatever a server does to a probe, the probe ends within its timeout and leaves no connection behind. */
import { exports } from "cloudflare:workers";
import { beforeAll, expect, inject, it } from "vitest";
import type { Check } from "../../src/core/service/check.ts";
import type { Observation } from "../../src/core/service/records.ts";
import { aCheck } from "../core/fixtures.ts";
import { until } from "../until.ts";

const { counted } = inject("servers");
const TIMEOUT_S = 1;

/** In an invocation of its own, as a vantage does. */
async function probe(over: Partial<Check>): Promise<Observation | undefined> {
  const [found] = await exports.ProbeRun.probe([aCheck({ health_timeout: TIMEOUT_S, ...over })], "home");
  return found ?? undefined;
}

async function open(): Promise<Record<string, number>> {
  const response = await fetch(`http://127.0.0.1:${counted.http}/open`);
  return response.json();
}

const page = (path: string, health_options: Check["health_options"] = {}): Partial<Check> => ({
  health_method: "http",
  health_url: `http://127.0.0.1:${counted.http}${path}`,
  health_options,
});
const raw = (
  health_method: "http" | "tcp" | "redis" | "postgres",
  port: keyof typeof counted,
  health_options: Check["health_options"] = {},
): Partial<Check> => {
  const url = `127.0.0.1:${counted[port]}`;
  const health_url = health_method === "tcp" ? url : `${health_method}://${url}/`;
  return { health_method, health_url, health_options };
};
const EXPECT = { expect: "hello" };
const WANTS_BODY = { body_contains: "hello" };

const FAULTS: [string, Partial<Check>, RegExp][] = [
  ["http, silent", page("/silent"), /^timeout after 1 s: no response headers/],
  ["http, accepted and silent", raw("http", "silent"), /^timeout after 1 s: no response headers/],
  ["http, a byte at a time for a header", raw("http", "drip"), /^http: the answer is not HTTP$/],
  ["http, a byte a second", page("/drip", WANTS_BODY), /^timeout after 1 s: the body did not come/],
  ["http, a byte a second as JSON", page("/drip?type=application/json"), /^timeout after 1 s: the body/],
  ["http, stalled", page("/stalled", WANTS_BODY), /^timeout after 1 s: the body did not come/],
  ["http, 10 GB", page("/huge", WANTS_BODY), /does not contain "hello"/],
  ["http, endless", page("/endless", WANTS_BODY), /does not contain "hello"/],
  ["http, wrong status with 10 GB", page("/huge", { expected_status: [204] }), /status 200, expected 204/],
  ["http, cut off", page("/cut"), /^connect: (closed in the middle of the answer|reset by the other side)$/],
  ["http, redirected in a loop", page("/loop"), /more than 5 redirects/],
  ["http, garbage", raw("http", "garbage"), /./],
  ["http, half open", raw("http", "half_open"), /^connect: /],
  ["tcp, silent", raw("tcp", "silent", EXPECT), /^timeout after 1 s: the expected answer did not come/],
  ["tcp, silent to TLS", raw("tcp", "silent", { tls: true }), /^timeout after 1 s: the TLS handshake did not end/],
  ["tcp, a byte at a time", raw("tcp", "drip", EXPECT), /^timeout after 1 s/],
  ["tcp, garbage", raw("tcp", "garbage", EXPECT), /^(timeout after 1 s|tcp)/],
  ["tcp, half open", raw("tcp", "half_open", EXPECT), /does not contain|closed/],
  ["tcp, flooding", raw("tcp", "flood", EXPECT), /does not contain "hello"/],
  ["tcp, garbage to TLS", raw("tcp", "garbage", { tls: true }), /^tls: |^connect: /],
  ["redis, silent", raw("redis", "silent"), /^timeout after 1 s: no answer from redis/],
  ["redis, a byte at a time", raw("redis", "drip"), /^timeout after 1 s/],
  ["redis, half open", raw("redis", "half_open"), /^connect: closed without an answer$/],
  ["redis, flooding", raw("redis", "flood"), /no line of the protocol/],
  ["redis, garbage", raw("redis", "garbage"), /not that of a Redis server/],
  ["postgres, silent", raw("postgres", "silent"), /^timeout after 1 s: no answer from postgres/],
  ["postgres, silent to TLS", raw("postgres", "no_handshake"), /^timeout after 1 s: the TLS handshake did not end/],
  ["postgres, a byte at a time", raw("postgres", "drip"), /not that of a PostgreSQL server|^timeout after 1 s/],
  ["postgres, half open", raw("postgres", "half_open"), /^connect: closed without an answer$/],
  ["postgres, flooding", raw("postgres", "flood"), /not that of a PostgreSQL server/],
  ["postgres, garbage", raw("postgres", "garbage"), /not that of a PostgreSQL server/],
];

let probed: Map<string, Observation | undefined>;

/** All at once, for most wait for their timeout. */
beforeAll(async () => {
  await probe(page("/answer")); // the first one loads the Worker
  const results = FAULTS.map(async ([what, over]) => [what, await probe(over)] as const);
  probed = new Map(await Promise.all(results));
});

it("of all these servers none has a connection open a moment later", async () => {
  await until(async () => expect(Object.values(await open()).filter((count) => count > 0)).toEqual([]));
});

it.each(FAULTS)("%s: fails with a clear error", (what, _over, error) => {
  const found = probed.get(what);
  expect(found?.verdict).toBe("fail");
  expect(found?.error).toMatch(error);
  expect(found?.error).not.toMatch(/internal error|undefined|\[object/);
});

it("a page of 10 GB that nobody needs to read is up, and is not read", async () => {
  expect(await probe(page("/huge"))).toMatchObject({ verdict: "ok" });
  await until(async () => expect((await open()).http).toBe(0));
});
