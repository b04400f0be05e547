import { describe, expect, test } from "vitest";
import { recordOutcomes } from "../../src/store/history/outcomes.ts";
import { addProject, addService, message, NOW, result } from "../store/fixtures.ts";
import { aLive, testHub } from "./test-hub.ts";

const hub = await testHub();
const project = await addProject(hub.db, "shop");
const db = await addService(hub.db, project, { name: "orders-db" });
const api = await addService(hub.db, project, { name: "orders-api", depends_on: ["orders-db"] });
const web = await addService(hub.db, project, { name: "web" });
hub.live.set(db.id, aLive({ status: "down", since: NOW - 60_000, error: "connect: refused" }));
hub.live.set(api.id, aLive({ status: "down", since: NOW - 50_000, error: "status 503" }));
hub.live.set(web.id, aLive({ status: "degraded", since: NOW - 40_000, error: "slow" }));
await recordOutcomes(hub.db, [message(db.lane, NOW, [result(db, { verdict: 0, status: "down", latency: null })])]);

describe("what is broken now", () => {
  test("is grouped by its cause, with since when and why", async () => {
    expect(await hub.call("GET", "/api/outages", 200)).toMatchObject({
      outages: [
        {
          cause: {
            id: db.id,
            name: "orders-db",
            since: new Date(NOW - 60_000).toISOString(),
            error: "connect: refused",
          },
          affected: [{ id: api.id, name: "orders-api", error: "status 503" }],
          affected_count: 1,
        },
      ],
      outage_count: 1,
      degraded: [{ id: web.id, error: "slow" }],
      degraded_count: 1,
    });
  });
});

describe("the last checks of many services", () => {
  test("come in one answer, each with its time, status and latency", async () => {
    expect(await hub.call("GET", `/api/latest-checks?ids=${db.id},${web.id},${db.id}`, 200)).toEqual({
      services: [
        { id: db.id, interval: 30, checks: [[NOW, "down", null]] },
        { id: web.id, interval: 30, checks: [] },
      ],
    });
  });

  test.each(["", "ids=", "ids=x", "ids=1,", `ids=${Array(101).fill(1)}`, "ids=1&limit=0", "ids=1&limit=101"])(
    "can't be had with '%s'",
    async (query) => {
      await hub.call("GET", `/api/latest-checks?${query}`, 400);
    },
  );
});

test("services of a stopped project are listed when asked for", async () => {
  const stopped = await addProject(hub.db, "halted");
  await addService(hub.db, stopped, { name: "sleeps" });
  await hub.call("POST", `/api/projects/${stopped.id}/stop`, 200);
  const names = async (query: string) => {
    const { services, total } = await hub.call<{ services: { name: string }[]; total: number }>(
      "GET",
      `/api/services?project=${stopped.id}${query}`,
      200,
    );
    return [total, ...services.map(({ name }) => name)];
  };
  expect(await names("")).toEqual([0]);
  expect(await names("&include_stopped=true")).toEqual([1, "sleeps"]);
});
