/** A hub with a setting that is wrong, as after a secret was mistyped: it says so, and loses nothing. */
import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { systemClock } from "../../src/platform/system-clock.ts";
import { createWorker } from "../../src/worker/create-worker.ts";

beforeAll(() => applyD1Migrations(env.DB, env.TEST_MIGRATIONS));

const SECRET = "a-secret-that-is-wrong";
const WORDS = "wrong setting: NATS_URL: expected a ws:// or wss:// URL";
const wrong = Object.assign({}, env, { NATS_URL: SECRET });
const worker = createWorker(systemClock);
const ctx = { waitUntil: () => {}, passThroughOnException: () => {} };
const ask = (path: string, init: RequestInit = {}) =>
  worker.fetch(new Request(`http://hub${path}`, init) as never, ...([wrong as never, ctx as never] as const));

describe("a hub with a wrong setting", () => {
  it.each(["/health", "/api/health"])("names it at %s, without its value", async (path) => {
    const answer = await ask(path);
    expect(answer.status).toBe(503);
    expect(answer.headers.get("content-type")).toBe("application/health+json");
    const text = await answer.text();
    expect(JSON.parse(text)).toMatchObject({ status: "fail", checks: { "settings:values": [{ output: WORDS }] } });
    expect(text).not.toContain(SECRET);
    expect((await ask(path, { method: "HEAD" })).status).toBe(503);
  });

  it.each([
    ["GET", "/api/services"],
    ["POST", "/api/services/1/heartbeat"],
    ["GET", "/metrics"],
    ["POST", "/health"],
    ["GET", "/.well-known/hub"],
    ["GET", "/nowhere"],
  ])("answers %s %s with 503 and a time to come back", async (method, path) => {
    const answer = await ask(path, { method });
    expect(answer.status).toBe(503);
    expect(answer.headers.get("retry-after")).toBe("60");
    const text = await answer.text();
    expect(JSON.parse(text)).toMatchObject({ detail: expect.stringContaining(WORDS) });
    expect(text).not.toContain(SECRET);
  });

  it.each(["hub-probes", "hub-outcomes", "hub-probes-dead", "hub-outcomes-dead"])(
    "keeps what is in the queue %s for later",
    async (queue) => {
      const logged = vi.spyOn(console, "error").mockImplementation(() => {});
      const retried: unknown[] = [];
      const batch = { queue, messages: [], ackAll() {}, retryAll: (options: unknown) => void retried.push(options) };
      await worker.queue(...([batch as never, wrong as never, ctx as never] as const));
      expect(retried).toEqual([{ delaySeconds: 60 }]);
      expect(logged.mock.calls.join()).toContain(WORDS);
      expect(logged.mock.calls.join()).not.toContain(SECRET);
      logged.mockRestore();
    },
  );

  it("lets the cron pass, with a word in the log", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    await worker.scheduled(
      ...([{ scheduledTime: Date.now(), cron: "", noRetry() {} } as never, wrong as never, ctx as never] as const),
    );
    expect(logged.mock.calls.join()).toContain(WORDS);
    logged.mockRestore();
  });
});
