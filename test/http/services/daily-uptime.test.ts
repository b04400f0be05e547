import { describe, expect, test } from "vitest";
import type { Status } from "../../../src/core/service/records.ts";
import type { ServiceRow } from "../../../src/core/service/service-row.ts";
import { recordFlips } from "../../../src/store/history/outcomes.ts";
import { addProject, addService, flipOf, HOUR, NOW } from "../../store/fixtures.ts";
import { testHub } from "../test-hub.ts";

const DAY = 24 * HOUR;
const hub = await testHub();
const project = await addProject(hub.db, "shop");
const other = await addProject(hub.db, "elsewhere");
const api = await addService(hub.db, project, { name: "api" });
const web = await addService(hub.db, project, { name: "web" });
const restless = await addService(hub.db, project, { name: "restless" });
const hidden = await addService(hub.db, other, { name: "hidden" });

/** `steps`: the statuses, and how many hours ago each began. */
async function was(row: ServiceRow, ...steps: [Status, number][]): Promise<void> {
  const flips = steps.map(([to, ago], index) => {
    const at = Math.round(NOW - ago * HOUR);
    return flipOf(row, index + 1, steps[index - 1]?.[0] ?? "unknown", to, at, at - 30_000);
  });
  await recordFlips(hub.db, flips, NOW);
}

interface Answer {
  days: string[];
  services: { id: number; uptime: (number | null)[] }[];
}

const read = (query: string) => hub.call<Answer>("GET", `/api/daily-uptime?${query}`, 200);

/** The figure of one day (its start) in the history of the service. */
async function inHistory(id: number, day: string): Promise<number | null | undefined> {
  const from = Date.parse(day);
  const path = `/api/services/${id}/history?from=${from}&to=${Math.min(NOW, from + DAY)}&points=1`;
  const { points } = await hub.call<{ points: { uptime: number | null }[] }>("GET", path, 200);
  return points[0]?.uptime;
}

await was(api, ["up", 80 * 24], ["down", 75.5 * 24], ["up", 75 * 24], ["degraded", 40], ["down", 20], ["up", 3.3]);
await was(web, ["up", 200 * 24], ["down", 30 * 24 + 5], ["unknown", 29 * 24], ["down", 7 * 24], ["up", 6.8 * 24]);
hub.context.gaps = async () => [
  { from: NOW - 76 * DAY, to: NOW - 75.2 * DAY, only_probes: false },
  { from: NOW - 3 * DAY, to: NOW - 2.9 * DAY, only_probes: true },
];

describe("the uptime of services by the day", () => {
  test("is what the history of each says of that day", async () => {
    const { days, services } = await read(`ids=${api.id},${web.id}`);
    expect(days).toHaveLength(90);
    expect([days[0], days.at(-1)]).toEqual(["2026-08-08", "2026-11-05"]);
    expect(services.map(({ id }) => id)).toEqual([api.id, web.id]);
    for (const { id, uptime } of services) {
      expect(uptime.some((ratio) => ratio !== null && ratio > 0 && ratio < 1)).toBe(true);
      expect(await Promise.all(days.map((day) => inHistory(id, day)))).toEqual(uptime);
    }
  });

  test("is that of the newest days, as many as are asked for", async () => {
    const all = await read(`ids=${api.id}`);
    const { days, services } = await read(`ids=${api.id}&days=3`);
    expect(days).toEqual(all.days.slice(-3));
    expect(services[0]?.uptime).toEqual(all.services[0]?.uptime.slice(-3));
  });

  test("is not known of days on which a service was not checked", async () => {
    const fresh = await addService(hub.db, project, { name: "fresh" });
    expect((await read(`ids=${fresh.id}&days=2`)).services).toEqual([{ id: fresh.id, uptime: [null, null] }]);
  });

  test("is read from the newest 2,000 changes of a service that never rests", async () => {
    const steps = Array.from({ length: 2_402 }, (_, i): [Status, number] => [i % 2 ? "down" : "up", (2_402 - i) / 24]);
    for (const status of ["up", "down"] as const) steps.push([status, status === "up" ? 0.02 : 0.01]);
    await was(restless, ...steps);
    const { days, services } = await read(`ids=${restless.id}&days=10`);
    const uptime = services[0]?.uptime ?? [];
    expect(uptime.slice(-3)).toEqual(await Promise.all(days.slice(-3).map((day) => inHistory(restless.id, day))));
    expect(uptime.indexOf(uptime.find((ratio) => ratio !== null) ?? null)).toBe(6); // 2,000 changes of 2.5 minutes
  });

  test("leaves out services that don't exist, or that are not in the projects of the key", async () => {
    const limited = { name: "k", scope: "read", projects: ["shop"] };
    const { key } = await hub.call<{ key: string }>("POST", "/api/keys", 201, limited);
    const response = await hub.request("GET", `/api/daily-uptime?ids=999,${hidden.id},${api.id}`, undefined, { key });
    expect((await response.json<Answer>()).services.map(({ id }) => id)).toEqual([api.id]);
  });

  test.each(["", "ids=", "ids=x", `ids=${Array(101).fill(1)}`, "ids=1&days=0", "ids=1&days=91"])(
    "can't be had with '%s'",
    async (query) => {
      await hub.call("GET", `/api/daily-uptime?${query}`, 400);
    },
  );
});
