/** A key that is revoked while its sockets watch a real hub. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { call } from "../processes/hub-client.ts";
import { type HubProcess, startHub } from "../processes/hub-process.ts";
import { until } from "../until.ts";

let hub: HubProcess;
beforeAll(async () => {
  hub = await startHub({ vars: { PROBE_VANTAGES: "agent:dc-1" } });
});
afterAll(() => hub?.remove());

/** `closed` resolves with the code of the hub's close frame; the runtime leaves the connection itself open for longer. */
async function open(path: string, key: string) {
  const socket = new WebSocket(`${hub.url.replace("http", "ws")}${path}`, ["hub.v1", `bearer.${key}`]);
  const ended = new Promise<number>((resolve) => socket.on("close", resolve));
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  const closed = async () => {
    await until(() => expect(socket.readyState).not.toBe(WebSocket.OPEN));
    const at = Date.now();
    socket.terminate();
    return { code: await ended, at };
  };
  return { socket, closed };
}

const newKey = (name: string) => call<{ id: number; key: string }>(hub, "POST", "/api/keys", { name, scope: "read" });

test("within a second its sockets are closed, those of other keys stay", { retry: 2 }, async () => {
  const [revoked, kept] = [await newKey("revoked"), await newKey("kept")];
  const sockets = [await open("/ws/health", revoked.key), await open("/ws/federation", revoked.key)];
  const other = await open("/ws/health", kept.key);
  const at = Date.now();
  expect((await hub.fetch(`/api/keys/${revoked.id}`, { method: "DELETE" })).status).toBe(204);
  for (const { closed } of sockets) {
    const end = await closed();
    expect(end.code).toBe(1008);
    expect(end.at - at).toBeLessThan(1_000);
  }
  expect(other.socket.readyState).toBe(WebSocket.OPEN);
  other.socket.close();
});

test("an agent that is removed is cut off", async () => {
  const { key } = await call<{ key: string }>(hub, "PUT", "/api/agents/dc-1");
  const { closed } = await open("/ws/agents/dc-1", key);
  expect((await hub.fetch("/api/agents/dc-1", { method: "DELETE" })).status).toBe(204);
  expect((await closed()).code).toBe(1008);
  await expect(open("/ws/agents/dc-1", key)).rejects.toThrow("401");
});
