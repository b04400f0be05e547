import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, expect, it, vi } from "vitest";
import { systemClock } from "../../src/platform/system-clock.ts";
import { createWorker } from "../../src/worker/create-worker.ts";

beforeAll(() => applyD1Migrations(env.DB, env.TEST_MIGRATIONS));

it("a limiter that fails refuses nobody, and is logged", async () => {
  const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
  const limit = async () => {
    throw new Error("disk full");
  };
  const away = Object.assign({}, env, { REQUEST_LIMIT: { limit } });
  const ctx = { waitUntil: () => {}, passThroughOnException: () => {} };
  const answer = await createWorker(systemClock).fetch(
    new Request("http://hub/health") as never,
    ...([away as never, ctx as never] as const),
  );
  expect(answer.status).toBe(200);
  expect(warned.mock.calls.join()).toContain("rate_limit.away");
  warned.mockRestore();
});
