/** Several requests that change one service at once: neither undoes the other, and none is lost. */
import { reset } from "cloudflare:test";
import { beforeEach, expect, test } from "vitest";
import type { Service } from "../../src/core/board/service-view.ts";
import { type TestHub, testHub } from "./test-hub.ts";

const http = { health_method: "http", health_url: "https://api.example.com/health" };
const PATH = "/api/projects/shop/services/api";
const TIMES = 15;
let hub: TestHub;

beforeEach(async () => {
  await reset();
  hub = await testHub();
});

const service = (id: number) => hub.call<Service>("GET", `/api/services/${id}`, 200);

test("two patches of different fields are both kept", async () => {
  const { id } = await hub.call<Service>("PUT", PATH, 201, http);
  for (let round = 0; round < TIMES; round++) {
    await Promise.all([
      hub.call("PATCH", `/api/services/${id}`, 200, { tags: [`t${round}`] }),
      hub.call("PATCH", `/api/services/${id}`, 200, { capabilities: [`c${round}`] }),
      hub.call("PATCH", `/api/services/${id}`, 200, { health_retries: round % 10 }),
    ]);
    expect(await service(id)).toMatchObject({
      tags: [`t${round}`],
      capabilities: [`c${round}`],
      health_retries: round % 10,
    });
  }
});

test("a pause is not undone by a patch, nor by a registration, of the same moment", async () => {
  const { id } = await hub.call<Service>("PUT", PATH, 201, http);
  for (let round = 0; round < TIMES; round++) {
    await Promise.all([
      hub.call("POST", `/api/services/${id}/pause`, 200, { minutes: 5 }),
      hub.call("PATCH", `/api/services/${id}`, 200, { tags: [`t${round}`] }),
      hub.call("PUT", PATH, 200, { ...http, metadata: { round } }),
    ]);
    const seen = await service(id);
    expect(seen).toMatchObject({ enabled: false, metadata: { round } });
    expect(seen.paused_until).not.toBeNull();
    await hub.call("PATCH", `/api/services/${id}`, 200, { enabled: true });
  }
});

test("a registration beside a deletion creates the service anew, or was before it; it is never lost with a 404", async () => {
  for (let round = 0; round < TIMES; round++) {
    const { id } = await hub.call<Service>("PUT", PATH, 201, http);
    const [put] = await Promise.all([
      hub.request("PUT", PATH, { ...http, tags: [`t${round}`] }),
      hub.request("DELETE", `/api/services/${id}`),
    ]);
    expect([200, 201]).toContain(put.status);
    const { services } = await hub.call<{ services: Service[] }>("GET", "/api/services?q=api", 200);
    if (put.status === 201) expect(services).toMatchObject([{ tags: [`t${round}`] }]);
    for (const each of services) await hub.call("DELETE", `/api/services/${each.id}`, 204);
  }
});
