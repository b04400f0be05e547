/** A row of the database that can't be read: everybody else is answered, and the API can repair or delete it. */
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { syncPageSchema } from "../../src/core/federation/federation.ts";
import { syncPage } from "../../src/core/federation/sync-page.ts";
import { changesSince } from "../../src/store/registry/registry-changes.ts";
import { DAMAGED_COLUMNS, damage, damagesOf } from "../store/damaged-rows.ts";
import { addProject, addService, NOW } from "../store/fixtures.ts";
import { aLive, testHub } from "./test-hub.ts";

interface Listed {
  id: number;
  name: string;
  health_status: string;
  health_details: { error: string | null };
}

const hub = await testHub();
const project = await addProject(hub.db, "shop");
const neighbour = await addService(hub.db, project, { name: "neighbour", depends_on: ["broken"] });
hub.live.set(neighbour.id, aLive({ status: "down" }));

const READS = [
  ...["/api/services", `/api/services?project=${project.id}&tag=a`, "/api/services?capability=a", "/api/projects"],
  ...["/api/federation/services", "/api/dependencies", "/api/dependencies?project=shop", "/api/outages", "/health"],
];

const put = { name: "broken", health_method: "http", health_url: "http://a.example.com/" };
const repairs = {
  health_options: {},
  tags: ["b"],
  capabilities: ["b"],
  metadata: { b: 1 },
  depends_on: ["neighbour"],
  version: "2",
};

test.each(DAMAGED_COLUMNS)(
  "whatever %s holds, all lists answer, and its service can be repaired and deleted",
  {
    timeout: 100_000,
  },
  async (column) => {
    for (const each of damagesOf(column)) {
      const enabled = column !== "paused_until";
      const { id } = await addService(hub.db, project, { name: "broken", depends_on: ["neighbour"], enabled });
      hub.live.set(id, aLive());
      await damage(id, each);
      for (const path of READS) await hub.call("GET", path, 200);
      const { services } = await hub.call<{ services: Listed[] }>("GET", "/api/services", 200);
      expect(services.map(({ name }) => name)).toEqual(["neighbour", "broken"]);
      for (const path of [`/api/services/${id}`, `/api/services/${id}/health`, `/api/services/${id}/history`]) {
        await hub.call("GET", path, 200);
      }
      const manifest = `/api/projects/${project.id}/manifest`;
      await hub.call("PUT", `${manifest}?dry_run=true`, 200, { services: [put] });
      const changes = await changesSince(hub.db, 0, 10_000);
      const page = syncPage({ hubId: "me", full: true, ...changes, live: hub.live, now: NOW });
      expect(syncPageSchema.safeParse({ ...page, mark: "m" }).error, `${column} ${each.value}`).toBeUndefined();
      await hub.call("PATCH", `/api/services/${id}`, 200, { enabled: false });
      expect(await hub.call("PATCH", `/api/services/${id}`, 200, { ...repairs, enabled: true })).toMatchObject(repairs);
      await hub.call("PATCH", `/api/services/${id}`, 200, { tags: ["c"] });
      await hub.call("POST", `/api/services/${id}/pause`, 200, { minutes: 5 });
      await hub.call("PUT", "/api/projects/shop/services/broken", 200, { ...put, name: undefined });
      await damage(id, each);
      await hub.call("DELETE", `/api/services/${id}`, 204);
    }
  },
);

test("a service whose options can't be read is unknown until somebody sets them", async () => {
  const { id } = await addService(hub.db, project, { name: "broken" });
  hub.live.set(id, aLive());
  await damage(id, { column: "health_options", value: "'{'" });
  const path = `/api/services/${id}`;
  const reason = expect.stringContaining("health_options: ");
  expect(await hub.call("GET", path, 200)).toMatchObject({
    health_status: "unknown",
    health_details: { error: reason },
  });
  expect(await hub.call("POST", `${path}/check`, 409)).toMatchObject({ detail: reason });
  await hub.call("PATCH", path, 200, { tags: ["b"] });
  const kept = await env.DB.prepare("SELECT health_options FROM services WHERE id = ?").bind(id).first();
  expect(kept).toEqual({ health_options: "{" });
  expect(await hub.call("PATCH", path, 200, { health_options: {} })).toMatchObject({ health_status: "up" });
  expect(hub.lastChange()?.registered).toEqual(["broken"]);
  await hub.call("POST", `${path}/check`, 200);
});
