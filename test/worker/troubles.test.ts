/** What is wrong with the hub itself comes into its log, as the cron sees it. */
import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, expect, it } from "vitest";
import { LOG_START } from "../../src/core/hub/events.ts";
import { boardOf } from "../../src/platform/object-stubs.ts";
import { systemClock } from "../../src/platform/system-clock.ts";
import { openDatabase } from "../../src/store/database.ts";
import { eventsAfter } from "../../src/store/events.ts";
import { lookAtItself } from "../../src/worker/deps.ts";
import { hubOf } from "../../src/worker/hub.ts";
import { addProject } from "../store/fixtures.ts";

const hub = hubOf(env as never, systemClock);
const db = openDatabase(env.DB);

beforeAll(() => applyD1Migrations(env.DB, env.TEST_MIGRATIONS));

async function troubles(): Promise<string[]> {
  const { events } = await eventsAfter(db, LOG_START, 100);
  return events.flatMap(({ kind, body }) => (kind === "trouble" ? [`${body.name}: ${body.from} → ${body.to}`] : []));
}

it("once when it begins and once when it ends", async () => {
  await addProject(db, "old"); // long ago
  await lookAtItself(hub);
  await lookAtItself(hub);
  expect(await troubles()).toEqual(["queues:plannedAge: pass → fail"]);
  await boardOf(env).planned(systemClock.now());
  await lookAtItself(hub);
  await lookAtItself(hub);
  expect(await troubles()).toEqual(["queues:plannedAge: pass → fail", "queues:plannedAge: fail → pass"]);
});
