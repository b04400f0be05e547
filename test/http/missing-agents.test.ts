/** Checks of agents that nobody has set up: what can never work is refused, what may still come is said. */
import { expect, test } from "vitest";
import type { Service } from "../../src/core/board/service-view.ts";
import { aLive, testHub } from "./test-hub.ts";

const hub = await testHub();
const exec = { health_method: "exec", health_options: { command: "disk" } };
const inside = { health_method: "http", health_url: "http://10.0.0.7:8080", agent: "dc-1" };

interface Problem {
  errors: { path: string; message: string }[];
}

test.each(["POST", "PUT", "PATCH", "a manifest"])("a command without an agent is refused by %s", async (way) => {
  const known = await hub.request("PUT", "/api/projects/ops/services/known", { ...exec, agent: "dc-1" });
  const { id, project_id } = await known.json<Service>();
  const [method, path, body] =
    {
      POST: ["POST", "/api/services", { ...exec, name: "n", project: "ops" }],
      PUT: ["PUT", "/api/projects/ops/services/n", exec],
      PATCH: ["PATCH", `/api/services/${id}`, { agent: null }],
      "a manifest": ["PUT", `/api/projects/${project_id}/manifest`, { services: [{ ...exec, name: "n" }] }],
    }[way] ?? [];
  const { errors } = await hub.call<Problem>(String(method), String(path), 400, body);
  expect(errors[0]?.path).toMatch(/(^|\.)agent$/);
  expect(errors[0]?.message).toBe("needed for exec");
});

test("a service of an agent that nobody has set up says so, until somebody does", async () => {
  const { id } = await hub.call<Service>("PUT", "/api/projects/shop/services/db", 201, inside);
  const reason = { status: "unknown", error: "no agent dc-1 is set up on this hub" };
  const errors = async () => {
    const { services } = await hub.call<{ services: Service[] }>("GET", "/api/services?project=shop", 200);
    const one = await hub.call<Service>("GET", `/api/services/${id}`, 200);
    const health = await hub.call<{ details: { error: string | null } }>("GET", `/api/services/${id}/health`, 200);
    return [services[0]?.health_details.error, one.health_details.error, health.details.error];
  };
  const options = async () => {
    const { checks } = await hub.call<{ checks: Record<string, { output?: string }[]> }>("GET", "/health", 200);
    return checks["checks:options"]?.[0]?.output ?? null;
  };
  expect(await errors()).toEqual([reason.error, reason.error, reason.error]);
  expect(await options()).toContain(`service ${id}: agent: nobody has set it up`);
  await hub.call("PUT", "/api/agents/dc-1", 201);
  expect(await errors()).toEqual([null, null, null]);
  expect(await options()).toBeNull();
  await hub.request("DELETE", "/api/agents/dc-1");
  expect(await errors()).toEqual([reason.error, reason.error, reason.error]);
  hub.live.set(id, aLive());
  expect(await errors()).toEqual([reason.error, reason.error, reason.error]); // its status says what was seen last
  hub.live.clear();
  await hub.call("PATCH", `/api/services/${id}`, 200, { enabled: false });
  expect(await errors()).toEqual([null, null, null]);
});

test("a key of an agent needs the agent", async () => {
  const wanted = { name: "k", scope: "agent", agent: "dc-9" };
  const { errors } = await hub.call<Problem>("POST", "/api/keys", 400, wanted);
  expect(errors).toEqual([{ path: "agent", message: "there is no agent dc-9; PUT /api/agents/dc-9 sets it up" }]);
  await hub.call("PUT", "/api/agents/dc-9", 201);
  const made = await hub.call<{ key: string; agent: string }>("POST", "/api/keys", 201, wanted);
  expect(made).toMatchObject({ scope: "agent", agent: "dc-9", name: "k" });
  expect((await hub.request("GET", "/api/agents/dc-9/checks", undefined, { key: made.key })).status).toBe(200);
});
