/** A real hub and an agent that is its vantage: it looks at what home can't see; and what a key that is revoked loses. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { NEVER_SLOW } from "../core/fixtures.ts";
import { type AgentProcess, setUpAgent, startAgent } from "../processes/agent-process.ts";
import { call, flipsOf, service } from "../processes/hub-client.ts";
import { type HubProcess, startHub } from "../processes/hub-process.ts";
import { type Eyes, startEyes } from "../servers/eyes.ts";
import { until } from "../until.ts";

const AGENT = "agent:dc-1";
let hub: HubProcess;
let eyes: Eyes;
let agent: AgentProcess;

beforeAll(async () => {
  eyes = await startEyes();
  hub = await startHub({ vars: { PROBE_VANTAGES: AGENT } });
});
afterAll(async () => {
  await agent?.remove();
  await hub?.remove();
  await eyes?.stop();
});

async function register(page: string): Promise<number> {
  const body = { health_url: eyes.url(page), health_interval: 5, health_timeout: 2, health_retries: 1 };
  const { id } = await call<{ id: number }>(hub, "PUT", `/api/projects/p/services/${page}`, {
    health_method: "http",
    health_options: NEVER_SLOW,
    ...body,
  });
  await until(async () => expect((await service(hub, id)).health_status).toBe("up"));
  return id;
}

/** `from`: the vantages of the evidence. A scheduled check may add to it. */
async function isDown(id: number, from: string[]): Promise<void> {
  await until(async () => expect((await service(hub, id)).health_status).toBe("down"));
  const flip = await until(async () => {
    const found = (await flipsOf(hub, id)).at(-1);
    expect(found?.to).toBe("down");
    return found;
  });
  expect(new Set(flip?.evidence.map(({ vantage }) => vantage))).toEqual(new Set(from));
  expect(flip?.evidence.every(({ ok }) => !ok)).toBe(true);
}

/** The agent looks at a page that is hidden from home only. */
async function sees(page: string): Promise<void> {
  await until(() => expect(agent.lines).toContain("this agent is a vantage of its hub"));
  const id = await register(page);
  eyes.hide(page, ["home"]);
  await until(async () => expect((await service(hub, id)).health_details.unseen_from).toEqual(["home"]));
  expect((await service(hub, id)).health_status).toBe("up");
  expect(eyes.seen(page).map(({ vantage }) => vantage)).toContain(AGENT);
}

test("while it is away, home confirms an outage by itself, and the history says why", async () => {
  const id = await register("before");
  eyes.hide("before", "all");
  await isDown(id, ["home"]);
  await until(async () => {
    const { recent } = await call<{ recent: object[] }>(hub, "GET", `/api/services/${id}/health`);
    expect(recent).toContainEqual(
      expect.objectContaining({ vantage: AGENT, error: `vantage ${AGENT}: the agent is not connected` }),
    );
  });
});

test("what it sees is up, though home can't see it", async () => {
  const key = await setUpAgent(hub, "dc-1");
  agent = await startAgent({ hub: hub.url, key, name: "dc-1" });
  await sees("hidden");
});

test("an outage that it sees, too, names it in its evidence", async () => {
  const id = await register("gone");
  eyes.hide("gone", "all");
  await isDown(id, ["home", AGENT]);
});

test("killed, it hides nothing, and started again it looks again", async () => {
  await agent.stop("SIGKILL");
  const id = await register("after");
  eyes.hide("after", "all");
  await isDown(id, ["home"]);
  agent.start();
  await sees("again");
});

/** `closed` resolves with the code of the hub's close frame; the runtime leaves the connection itself open for longer. */
async function open(path: string, key: string) {
  const socket = new WebSocket(`${hub.url.replace("http", "ws")}${path}`, ["hub.v1", `bearer.${key}`]);
  const ended = new Promise<number>((resolve) => socket.on("close", resolve));
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  const closed = async () => {
    await until(() => expect(socket.readyState).not.toBe(WebSocket.OPEN));
    socket.terminate();
    return await ended;
  };
  return { socket, closed };
}

const newKey = (name: string) => call<{ id: number; key: string }>(hub, "POST", "/api/keys", { name, scope: "read" });

test("the sockets of a key that is revoked are closed, those of other keys stay", async () => {
  const [revoked, kept] = [await newKey("revoked"), await newKey("kept")];
  const sockets = [await open("/ws/health", revoked.key), await open("/ws/federation", revoked.key)];
  const other = await open("/ws/health", kept.key);
  expect((await hub.fetch(`/api/keys/${revoked.id}`, { method: "DELETE" })).status).toBe(204);
  for (const { closed } of sockets) expect(await closed()).toBe(1008);
  expect(other.socket.readyState).toBe(WebSocket.OPEN);
  other.socket.close();
});

test("an agent that is removed is cut off", async () => {
  await call(hub, "DELETE", "/api/agents/dc-1");
  const key = await setUpAgent(hub, "dc-1"); // of another one with this name
  const { closed } = await open("/ws/agents/dc-1", key);
  expect((await hub.fetch("/api/agents/dc-1", { method: "DELETE" })).status).toBe(204);
  expect(await closed()).toBe(1008);
  await expect(open("/ws/agents/dc-1", key)).rejects.toThrow("401");
});
