import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { beforeAll, expect, it } from "vitest";
import { toCheck } from "../../src/core/service/service-row.ts";
import { takeHeartbeat } from "../../src/pipeline/on-demand.ts";
import type { ProbeDeps } from "../../src/pipeline/probe.ts";
import { systemClock } from "../../src/platform/system-clock.ts";
import { openDatabase } from "../../src/store/database.ts";
import { getService } from "../../src/store/registry/services.ts";
import { rounds } from "../../src/store/tables/hub-tables.ts";
import { probeDeps } from "../../src/worker/deps.ts";
import { hubOf } from "../../src/worker/hub.ts";
import { addProject, addService } from "../store/fixtures.ts";

beforeAll(() => applyD1Migrations(env.DB, env.TEST_MIGRATIONS));

it("a beat that is sent again, because the hub answered the first one with an error, is told", async () => {
  const hub = hubOf(env as never, systemClock);
  const db = openDatabase(env.DB);
  const project = await addProject(db, "beats");
  const { id, lane } = await addService(db, project, { name: "daily", health_method: "heartbeat" });
  const start = Date.now() - 120_000;
  const beatAt = async (ms: number, over: Partial<ProbeDeps> = {}) => {
    const row = await getService(db, id);
    if (row === undefined) throw new Error("the service is gone");
    const deps = { ...probeDeps(hub), now: () => start + ms, ...over };
    return await takeHeartbeat(toCheck(row), { status: "pass", details: {} }, deps);
  };
  await beatAt(0);
  const publish = () => Promise.reject(new Error("the board is away"));
  await expect(beatAt(60_000, { publish })).rejects.toThrow("away");
  await beatAt(65_000);
  const stored = await db.select({ due_at: rounds.due_at }).from(rounds).where(eq(rounds.lane, lane));
  expect(stored.map(({ due_at }) => due_at - start >= 60_000)).toContain(true);
});
