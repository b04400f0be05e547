import { expect, it } from "vitest";
import { dependencyGraph, type GraphService } from "../../../src/core/board/dependencies.ts";
import { MAX_AFFECTED, outagesOf } from "../../../src/core/board/outages.ts";
import type { Status } from "../../../src/core/service/records.ts";
import { T0 } from "../fixtures.ts";

const service = (id: number, name: string, status: Status, ...depends_on: string[]): GraphService => ({
  id,
  hub_id: "hub-a",
  project: "shop",
  name,
  type: "api",
  status,
  depends_on,
});
const outages = (...services: GraphService[]) =>
  outagesOf(dependencyGraph(services, "hub-a"), "hub-a", (id) => ({ since: T0 + id * 1_000, error: `error ${id}` }));
const names = (...services: GraphService[]) =>
  outages(...services).outages.map(({ cause, affected }) => [cause.name, ...affected.map(({ name }) => name)]);

it("an outage of three levels has one cause, and what it took along in the order in which it fell", () => {
  const levels = [
    service(3, "checkout", "down", "orders-api"),
    service(2, "orders-api", "down", "orders-db"),
    service(1, "orders-db", "down"),
    service(4, "web", "up", "checkout"),
  ];
  expect(names(...levels)).toEqual([["orders-db", "orders-api", "checkout"]]);
  expect(outages(...levels).outages[0]?.cause).toEqual({
    id: 1,
    hub_id: "hub-a",
    project: "shop",
    name: "orders-db",
    status: "down",
    watched: true,
    error: "error 1",
    since: new Date(T0 + 1_000).toISOString(),
  });
});

it("what takes along the most comes first", () => {
  expect(
    names(
      service(1, "mail", "down"),
      service(2, "db", "down"),
      service(3, "a", "down", "db"),
      service(4, "b", "down", "db"),
    ),
  ).toEqual([["db", "a", "b"], ["mail"]]);
});

it("a service that was down when somebody stopped its checks is still the cause of what it took along", () => {
  const left = (left_as: Status): GraphService => ({ ...service(1, "db", "unknown"), left_as });
  expect(names(left("down"), service(2, "api", "down", "db"))).toEqual([["db", "api"]]);
  expect(outages(left("down"), service(2, "api", "down", "db")).outages[0]?.cause).toMatchObject({ watched: false });
  expect(names(left("up"), service(2, "api", "down", "db"))).toEqual([["api"]]);
  expect(names(left("down"), service(2, "api", "up", "db"))).toEqual([]);
});

it("degraded services are listed beside, and working ones not at all", () => {
  const { outages: none, degraded, degraded_count } = outages(service(1, "slow", "degraded"), service(2, "well", "up"));
  expect(none).toEqual([]);
  expect(degraded.map(({ name, error }) => [name, error])).toEqual([["slow", "error 1"]]);
  expect(degraded_count).toBe(1);
});

it("a cause at another hub has no page here", () => {
  const far = { ...service(-1, "auth", "down"), hub_id: "hub-b" };
  const { outages: all } = outages(far, service(1, "api", "down", "hub-b/shop/auth"));
  expect(all).toMatchObject([{ cause: { id: null, hub_id: "hub-b", name: "auth" }, affected: [{ id: 1 }] }]);
});

it("counts all that a cause took along, and names some", () => {
  const victims = Array.from({ length: 80 }, (_, n) => service(n + 2, `s${n}`, "down", "db"));
  expect(outages(service(1, "db", "down"), ...victims).outages[0]).toMatchObject({ affected_count: 80 });
  expect(outages(service(1, "db", "down"), ...victims).outages[0]?.affected).toHaveLength(MAX_AFFECTED);
});
