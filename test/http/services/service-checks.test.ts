import { describe, expect, test } from "vitest";
import { addProject, addService } from "../../store/fixtures.ts";
import { testHub } from "../test-hub.ts";

const hub = await testHub();
const project = await addProject(hub.db, "shop");
const stopped = await addProject(hub.db, "stopped");
const api = await addService(hub.db, project, { name: "api" });
const off = await addService(hub.db, project, { name: "off", enabled: false });
const asleep = await addService(hub.db, stopped, { name: "asleep" });
const job = await addService(hub.db, project, { name: "job", health_method: "heartbeat", agent: "inside" });
const loose = await addService(hub.db, project, { name: "loose", health_method: "heartbeat" });
await hub.call("POST", `/api/projects/${stopped.id}/stop`, 200);

describe("a check on demand", () => {
  test("probes now and answers what was found", async () => {
    expect(await hub.call("POST", `/api/services/${api.id}/check`, 200)).toMatchObject({
      service_id: api.id,
      name: "api",
      status: "up",
      flips: [],
      retry: null,
      observation: { ok: true, verdict: "ok", latency_ms: 3, vantage: "home", error: null },
    });
    expect(hub.checked).toEqual(["api"]);
  });

  test.each([
    ["is disabled", off.id, 409],
    ["is in a stopped project", asleep.id, 409],
    ["reports itself", job.id, 409],
    ["is not there", 999, 404],
  ])("is refused for a service that %s", async (_, id, status) => {
    await hub.call("POST", `/api/services/${id}/check`, status);
    expect(hub.checked).toEqual(["api"]);
  });
});

describe("a heartbeat", () => {
  const path = `/api/services/${job.id}/heartbeat`;

  test("without a body says that all is well", async () => {
    expect(await hub.call("POST", path, 202)).toMatchObject({ service_id: job.id, status: "up" });
    expect(hub.beats.at(-1)).toEqual({ name: "job", beat: { status: "pass", details: {} } });
  });

  test("may say more", async () => {
    await hub.call("POST", path, 202, { status: "warn", details: { queue: 5 } });
    expect(hub.beats.at(-1)?.beat).toEqual({ status: "warn", details: { queue: 5 } });
  });

  test.each([{ status: "great" }, { details: 5 }, { mood: 1 }, []])("is refused as %j", async (body) => {
    const before = hub.beats.length;
    await hub.call("POST", path, 400, body);
    expect(hub.beats).toHaveLength(before);
  });

  test("is never lost for what it says beside: details are cut to what is kept", async () => {
    const many = Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`d${n}`, n]));
    const deep = JSON.parse(`${"[".repeat(5_000)}${"]".repeat(5_000)}`);
    for (const details of [many, { ["n".repeat(65)]: 1 }, { text: "x".repeat(9_000) }, { deep }, null]) {
      await hub.call("POST", path, 202, { details });
    }
  });

  test("is for services that report themselves", async () => {
    await hub.call("POST", `/api/services/${api.id}/heartbeat`, 409);
    await hub.call("POST", "/api/services/999/heartbeat", 404);
  });

  test("may be sent with the key of the service's agent, and of no other", async () => {
    const send = (id: number) =>
      hub.request("POST", `/api/services/${id}/heartbeat`, undefined, { key: hub.keys.agent });
    expect((await send(job.id)).status).toBe(202);
    expect((await send(loose.id)).status).toBe(403);
    expect((await send(api.id)).status).toBe(403);
  });
});
