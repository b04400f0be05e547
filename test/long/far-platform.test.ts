/** The platform at its worst that the chaos has is one: its objects are far, and what was done comes again. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { FAR_COUNT_PATH, type FarCount, WAY_MS } from "../far/far-platform.ts";
import { accepted, call, json } from "../processes/hub-client.ts";
import { type HubProcess, startHub } from "../processes/hub-process.ts";
import { until } from "../processes/patience.ts";

/** Each interval has lanes, and so messages, of its own. */
const INTERVALS = [5, 6, 7, 8, 9, 10, 11, 12];
const PATIENCE_MS = 120_000;

let hub: HubProcess;
let ids: number[];

beforeAll(async () => {
  hub = await startHub({ far: true, args: ["--quiet"] });
  const { id }: { id: number } = await accepted(await hub.fetch("/api/projects", json("POST", { name: "far" })));
  const check = { project_id: id, health_method: "http", health_url: `${hub.url}/health` };
  ids = await Promise.all(
    INTERVALS.map(async (health_interval) => {
      const body = json("POST", { ...check, name: `every-${health_interval}`, health_interval });
      return (await accepted<{ id: number }>(await hub.fetch("/api/services", body))).id;
    }),
  );
});
afterAll(() => hub?.remove());

const count = async (): Promise<FarCount> => accepted(await hub.fetch(FAR_COUNT_PATH));

test("an answer that the board is asked for has been there and back", async () => {
  const before = await count();
  const began = performance.now();
  await accepted(await hub.fetch(`/api/services/${ids[0]}`));
  expect(performance.now() - began).toBeGreaterThanOrEqual(2 * WAY_MS);
  expect((await count()).calls.worker).toBeGreaterThan(before.calls.worker);
});

test("messages come again after their work was done, and the services are up", async () => {
  await until("messages have come again", PATIENCE_MS, async () => (await count()).repeated > 1);
  await until("all services are up", PATIENCE_MS, async () => {
    const { services }: { services: { health_status: string }[] } = await accepted(await hub.fetch("/api/services"));
    return services.length === ids.length && services.every(({ health_status }) => health_status === "up");
  });
});

test("an object is as far from another one as from the Worker", async () => {
  const before = await count();
  await call(hub, "DELETE", `/api/services/${ids[0]}`);
  await until("an object has called another one", PATIENCE_MS, async () => {
    return (await count()).calls.objects > before.calls.objects;
  });
});
