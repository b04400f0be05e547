import { describe, expect, test } from "vitest";
import type { Outages } from "../../src/dashboard/api/queries.ts";
import { listed, outageSentence, plainText } from "../../src/dashboard/model/outage-sentence.ts";
import { tabMark } from "../../src/dashboard/model/tab-mark.ts";
import { troubleGroups } from "../../src/dashboard/model/trouble-groups.ts";
import { aRow, iso, NOW } from "./rows.ts";

type Troubled = Outages["outages"][number]["cause"];

const service = (id: number, name: string, over: Partial<Troubled> = {}): Troubled => ({
  id,
  hub_id: "hub-a",
  project: "shop",
  name,
  status: "down",
  watched: true,
  since: iso(NOW - 600_000),
  error: "connect: refused",
  ...over,
});
const outage = (cause: Troubled, ...affected: Troubled[]) => ({ cause, affected, affected_count: affected.length });
const outages = (over: Partial<Outages> = {}): Outages => {
  const { outages: some = [], degraded = [] } = over;
  return { outages: some, outage_count: some.length, degraded, degraded_count: degraded.length, ...over };
};
const time = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" }).format(NOW - 600_000);

const sentenceOf = (given: Outages): string | null => {
  const parts = outageSentence(given, NOW);
  return parts === null ? null : plainText(parts);
};

describe("the sentence of an outage", () => {
  test("names the cause first, since when, and what it took along", () => {
    const db = outage(service(1, "orders-db"), service(2, "orders-api"), service(3, "checkout"));
    expect(sentenceOf(outages({ outages: [db] }))).toBe(
      `orders-db has been down since ${time}; 2 services affected: orders-api and checkout.`,
    );
  });

  test("leads to the services that it names, those of this hub", () => {
    const far = outage(service(-1, "auth", { id: null, hub_id: "hub-b" }), service(2, "api"));
    expect(outageSentence(outages({ outages: [far] }), NOW)?.filter((part) => typeof part !== "string")).toEqual([
      { id: 2, name: "api" },
    ]);
  });

  test("of one whose checks were stopped says that", () => {
    const left = outage(service(1, "db", { status: "unknown", watched: false }), service(2, "api"));
    expect(sentenceOf(outages({ outages: [left] }))).toBe(
      `db was down when its checks were stopped at ${time}; 1 service affected: api.`,
    );
  });

  test("of one that took nothing along is short", () => {
    expect(sentenceOf(outages({ outages: [outage(service(1, "cache"))] }))).toBe(`cache has been down since ${time}.`);
  });

  test("counts what is down for another reason", () => {
    const two = outages({ outages: [outage(service(1, "db")), outage(service(2, "mail"))] });
    expect(sentenceOf(two)).toBe(`db has been down since ${time}. 1 other service is down independently.`);
  });

  test("names the hub of a cause that is elsewhere", () => {
    const far = service(-1, "auth", { id: null, hub_id: "hub-b", since: null });
    expect(sentenceOf(outages({ outages: [outage(far, service(2, "api"))] }))).toBe(
      "hub-b/auth is down; 1 service affected: api.",
    );
  });

  test("says why a service is degraded when nothing is down", () => {
    const slow = service(1, "api", { status: "degraded", error: "slow: 1500 ms, more than 1000 ms" });
    expect(sentenceOf(outages({ degraded: [slow] }))).toBe(
      `api is degraded since ${time} (slow: 1500 ms, more than 1000 ms); nothing is down.`,
    );
    expect(sentenceOf(outages({ degraded: [slow, service(2, "web")] }))).toBe(
      "api and web are degraded; nothing is down.",
    );
  });

  test("is not there when all is well", () => {
    expect(sentenceOf(outages())).toBeNull();
  });
});

test("many names are shortened, four are not", () => {
  expect(listed(["a"], 1)).toBe("a");
  expect(listed(["a", "b", "c", "d"], 4)).toBe("a, b, c and d");
  expect(listed(["a", "b", "c", "d", "e"], 9)).toBe("a, b, c and 6 others");
});

test("what a cause took along stands with it, and everything else as it was", () => {
  const rows = [
    aRow({ id: 1, name: "db", status: "down" }),
    aRow({ id: 2, status: "down" }),
    aRow({ id: 3, status: "degraded" }),
  ];
  const [db, api, web] = rows;
  const broken = outages({ outages: [outage(service(1, "db"), service(2, "api"))] });
  expect(troubleGroups(rows, broken)).toEqual({
    groups: [{ cause: "db", row: db, affected: [api], affected_count: 1 }],
    rest: [web],
  });
  expect(troubleGroups(rows, undefined)).toEqual({ groups: [], rest: rows });
});

test("the tab says the worst status and how many have it, and nothing when all is well", () => {
  expect(tabMark([aRow(), aRow({ id: 2, status: "down" }), aRow({ id: 3, status: "degraded" })])).toEqual({
    status: "down",
    words: "1 down",
  });
  expect(tabMark([aRow({ status: "degraded" })])).toEqual({ status: "degraded", words: "1 degraded" });
  expect(tabMark([aRow()])).toEqual({ status: "up", words: "" });
  expect(tabMark([])).toEqual({ status: null, words: "" });
});
