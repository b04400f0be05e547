import { describe, expect, it } from "vitest";
import { rowOfListed } from "../../src/dashboard/live/service-row.ts";
import { hitsFor, type Sources } from "../../src/dashboard/model/palette.ts";
import { aService } from "./rows.ts";

const row = (id: number, name: string, over: Parameters<typeof aService>[0] = {}) =>
  rowOfListed(aService({ id, name, ...over }), undefined);
const sources: Sources = {
  rows: [
    row(1, "orders-db", { tags: ["eu"], health_url: "" }),
    row(2, "orders-api", { health_status: "down", health_url: "https://api.internal:8443/health" }),
    row(3, "db", { project: "billing" }),
    row(4, "mail", { health_status: "degraded", health_url: "" }),
  ],
  projects: [{ id: 7, name: "billing" }],
  pages: [
    { kind: "page", name: "Settings", path: "/settings" },
    { kind: "action", name: "Show what is down", path: "/services?status=down" },
  ],
};
const names = (query: string) => hitsFor(query, sources).map(({ name }) => name);

describe("a search over everything", () => {
  it("puts the whole name first, then a beginning, then a part", () => {
    expect(names("db")).toEqual(["db", "orders-db"]);
    expect(names("orders")).toEqual(["orders-api", "orders-db"]); // the one that is down first
  });

  it("finds services by project and target, projects, tags, pages and actions", () => {
    expect(names("billing")).toEqual(["billing", "db"]);
    expect(names("internal:8443")).toEqual(["orders-api"]);
    expect(hitsFor("eu", sources)).toMatchObject([{ kind: "tag", path: "/services?tag=eu" }]);
    expect(names("sett")).toEqual(["Settings"]);
    expect(names("what down")).toEqual(["Show what is down"]);
  });

  it("proposes what needs attention before anything is typed", () => {
    expect(names("")).toEqual(["orders-api", "mail", "Settings", "Show what is down"]);
    expect(names("nothing of that name")).toEqual([]);
  });
});
