/** What the cron does beside planning, and the limit on requests, with the bindings that the hub is deployed with. */
import { applyD1Migrations, SELF } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, expect, it, vi } from "vitest";
import { parseSettings } from "../../src/core/settings.ts";
import { maintain } from "../../src/worker/maintenance.ts";

const NOW = Date.parse("2026-11-05T10:17:00.000Z");
const HOUR_MS = 3_600_000;
const settings = parseSettings(env);

beforeAll(() => applyD1Migrations(env.DB, env.TEST_MIGRATIONS));

const addRound = (due_at: number) =>
  env.DB.prepare(
    "INSERT INTO rounds (lane, due_at, attempt, vantage, started_at, results) VALUES (1, ?1, 0, 'home', ?1, '[]')",
  )
    .bind(due_at)
    .run();
const dueTimes = async () => {
  const { results } = await env.DB.prepare("SELECT due_at FROM rounds ORDER BY due_at").all<{ due_at: number }>();
  return results.map((row) => row.due_at);
};

it("old rounds go in the minute that is theirs and in no other", async () => {
  const [old, young] = [NOW - (settings.RAW_RETENTION_HOURS + 2) * HOUR_MS, NOW - HOUR_MS];
  await addRound(old);
  await addRound(young);
  await maintain(NOW - 60_000, env, settings);
  expect(await dueTimes()).toEqual([old, young]);
  await maintain(NOW, env, settings);
  expect(await dueTimes()).toEqual([young]);
});

it("a database that is away is logged, and stops nothing else of the tick", async () => {
  const logged = vi.spyOn(console, "error").mockImplementation(() => {});
  await env.DB.exec("ALTER TABLE meta RENAME TO meta_away");
  await maintain(NOW, env, settings);
  await env.DB.exec("ALTER TABLE meta_away RENAME TO meta");
  expect(logged.mock.calls.flat().join()).toContain('"event":"maintenance.failed"');
  logged.mockRestore();
});

it("one address that asks too often is told when to come back, another is not", async () => {
  const ask = async (address: string) => {
    const response = await SELF.fetch("http://hub/api/projects", { headers: { "CF-Connecting-IP": address } });
    return { status: response.status, retry: response.headers.get("retry-after"), body: await response.text() };
  };
  const flood = async () => {
    const answers = await Promise.all(Array.from({ length: 1_100 }, () => ask("192.0.2.1")));
    return answers.filter(({ status }) => status === 429);
  };
  let refused = await flood();
  if (refused.length === 0) refused = await flood(); // the first one fell into two windows of the limit
  expect(refused[0]).toMatchObject({ retry: "10", body: expect.stringContaining('"title":"Too Many Requests"') });
  expect((await ask("192.0.2.2")).status).toBe(401);
}, 60_000);
