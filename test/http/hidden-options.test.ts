/** What of a service's check is shown to whom. */
import { describe, expect, test } from "vitest";
import type { ShownService } from "../../src/core/board/shown-service.ts";
import { testHub } from "./test-hub.ts";

const SECRETS = ["abc123", "t0ken", "b0dy"];

describe("options and the query of a target", async () => {
  const hub = await testHub({ PUBLIC_READ: "true" });
  const body = {
    project: "shop",
    name: "api",
    health_method: "http",
    health_url: "https://api.example.com/x?sig=abc123",
    health_options: { method: "POST", headers: { "PRIVATE-TOKEN": "t0ken" }, body: "b0dy", degraded_above_ms: 700 },
  };
  await hub.call("PUT", "/api/projects/shop/services/api", 201, { ...body, project: undefined, name: undefined });
  const keyOf = async (scope: string) =>
    (await hub.call<{ key: string }>("POST", "/api/keys", 201, { name: scope, scope })).key;
  const keys = { nobody: null, read: await keyOf("read"), write: await keyOf("write"), admin: await keyOf("admin") };

  const paths = ["/api/services", "/api/services/1", "/api/services?project=shop", "/api/projects/1/health"];
  const more = ["/api/services/1/health", "/api/services/1/history", "/api/dependencies", "/api/outages", "/metrics"];

  test.each(["nobody", "read"] as const)("are shown to %s nowhere", async (who) => {
    for (const path of [...paths, ...more, "/api/summary", "/api/flips", "/api/projects"]) {
      const response = await hub.request("GET", path, undefined, { key: keys[who] });
      const text = await response.text();
      expect(
        SECRETS.filter((secret) => text.includes(secret)),
        `${path} ${response.status}`,
      ).toEqual([]);
    }
    const response = await hub.request("GET", "/api/services/1", undefined, { key: keys[who] });
    expect(await response.json<ShownService>()).toMatchObject({
      health_url: "https://api.example.com/x?…",
      health_options: { degraded_above_ms: 700 },
      hidden: ["health_options.method", "health_options.headers", "health_options.body", "health_url"],
    });
  });

  test.each(["write", "admin"] as const)("are shown to the scope %s", async (who) => {
    const response = await hub.request("GET", "/api/services/1", undefined, { key: keys[who] });
    expect(await response.json<ShownService>()).toMatchObject({
      health_url: body.health_url,
      health_options: body.health_options,
      hidden: [],
    });
  });
});
