import { expect, test } from "vitest";
import { knownEntries, knownProjects, knownRow, summarisedProjects } from "../../../src/core/board/known-service.ts";
import { toService } from "../../../src/core/board/service-view.ts";
import { aCheck, T0 } from "../fixtures.ts";
import { aLiveState } from "../rows.ts";

const web = { check: aCheck({ service_id: 2, name: "web", project: "shop", project_id: 1 }), live: aLiveState() };
const db = {
  check: aCheck({ service_id: 1, name: "db", project: "data", project_id: 4 }),
  live: aLiveState({ status: "down" }),
};

test("a service of the live board has the form of a stored one, without its labels", () => {
  expect(toService(knownRow(web), web.live, T0)).toMatchObject({
    id: 2,
    name: "web",
    project: "shop",
    health_status: web.live.status,
    enabled: true,
    tags: [],
    metadata: {},
    port: null,
    paused_until: null,
  });
});

test("entries are found by what the board knows, ordered by id", () => {
  const ids = (filter: Parameters<typeof knownEntries>[1]) =>
    knownEntries([web, db], filter).map(({ check }) => check.service_id);
  expect(ids({})).toEqual([1, 2]);
  expect(ids({ project: "4" })).toEqual([1]);
  expect(ids({ q: "SHO" })).toEqual([2]);
  expect(ids({ status: "down", project: "shop" })).toEqual([]);
});

test("projects are those that have a service, with its health", () => {
  expect(knownProjects([db, web])).toMatchObject([
    { id: 1, name: "shop", status: "running", service_count: 1 },
    { id: 4, name: "data", health: "unhealthy", service_count: 1 },
  ]);
  expect(summarisedProjects([web])).toEqual([{ id: 1, name: "shop", status: "running", service_count: 1 }]);
});
