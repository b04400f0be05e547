import { describe, expect, test } from "vitest";
import type { Service } from "../../src/core/board/service-view.ts";
import { addProject, addService } from "../store/fixtures.ts";
import { testHub } from "./test-hub.ts";

type List = { services: Service[]; next_cursor: string | null; total: number };

describe("the list of services", async () => {
  const hub = await testHub();
  const shop = await addProject(hub.db, "shop");
  const other = await addProject(hub.db, "7");
  await addService(hub.db, shop, {
    name: "db",
    service_type: "database",
    health_method: "postgres",
    tags: ["primary"],
  });
  await addService(hub.db, shop, {
    name: "cache",
    service_type: "cache",
    health_method: "redis",
    capabilities: ["kv"],
  });
  await addService(hub.db, other, { name: "web", service_type: "web" });

  test.each([
    ["", ["db", "cache", "web"]],
    ["project=shop", ["db", "cache"]],
    [`project=${shop.id}`, ["db", "cache"]],
    ["project=7", ["web"]],
    ["project=nowhere", []],
    ["project=123456", []],
    ["type=cache", ["cache"]],
    ["tag=primary", ["db"]],
    ["capability=kv", ["cache"]],
    ["method=postgres", ["db"]],
    ["status=unknown&q=C", ["cache"]],
    ["status=up", []],
    ["q=%25", []],
    ["q=%ED%A0%80", []],
  ])("filtered by '%s'", async (query, names) => {
    const { services, total } = await hub.call<List>("GET", `/api/services?${query}`, 200);
    expect(services.map((service) => service.name)).toEqual(names);
    expect(total).toBe(names.length);
  });

  test("comes in pages", async () => {
    const first = await hub.call<List>("GET", "/api/services?limit=2", 200);
    expect(first.total).toBe(3);
    const second = await hub.call<List>("GET", `/api/services?limit=2&cursor=${first.next_cursor}`, 200);
    expect(second).toMatchObject({ services: [{ name: "web" }], next_cursor: null });
  });

  test("is counted with its first page only", async () => {
    const { next_cursor } = await hub.call<List>("GET", "/api/services?limit=1", 200);
    const [last] = next_cursor?.split(".") ?? [];
    const second = await hub.call<List>("GET", `/api/services?limit=1&cursor=${last}.zz`, 200);
    expect(second.total).toBe(Number.parseInt("zz", 36));
    expect((await hub.call<List>("GET", `/api/services?limit=1&cursor=${second.next_cursor}`, 200)).total).toBe(1_295);
    expect((await hub.call<List>("GET", `/api/services?limit=1&cursor=${last}`, 200)).total).toBe(3);
  });

  test.each(["status=sick", "type=x", "method=ftp", "limit=0", "q=", "cursor=9999999999999"])(
    "can't be had with %s",
    async (query) => {
      await hub.call("GET", `/api/services?${query}`, 400);
    },
  );
});
