/** What a hub promises of its own speed. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { NEVER_SLOW } from "../core/fixtures.ts";
import { call, flipsOf } from "../processes/hub-client.ts";
import { type HubProcess, startHub } from "../processes/hub-process.ts";
import { beat, natsHealth, natsVars, registerHeartbeat } from "../processes/nats-hub.ts";
import { type Eyes, startEyes } from "../servers/eyes.ts";
import { type NatsPair, startNatsPair } from "../servers/nats.ts";
import { until } from "../until.ts";

const HUB = "hub-fast";
/** Far less than any of the bridge's own limits of 5 s. */
const NOT_SLOWED_MS = 3_000;
const CLOSED_MS = 1_000;
/** Retries after 1 and 2 s with all of their jitter, and two probes. */
const CONFIRMED_MS = 3_600 + 1_000;
const STOPPED_MS = 6_000;

let nats: NatsPair;
let eyes: Eyes;
let hub: HubProcess;

beforeAll(async () => {
  [nats, eyes] = await Promise.all([startNatsPair({ hub_id: HUB }), startEyes()]);
  await nats.setUp();
  hub = await startHub({ vars: natsVars(HUB, nats.relay_url), args: ["--quiet"] });
});
afterAll(async () => {
  await hub?.remove();
  await Promise.all([nats?.stop(), eyes?.stop()]);
});

test("requests are answered as ever while the relay is frozen with its connection open", async () => {
  await registerHeartbeat(hub, "before");
  await until(async () => expect(await natsHealth(hub)).toMatchObject({ outbox: { observedValue: 0 } }));
  nats.relay.freeze();
  const times: number[] = [];
  for (let number = 0; number < 10; number++) {
    const began = performance.now();
    await beat(hub, await registerHeartbeat(hub, `frozen-${number}`), "pass");
    times.push(performance.now() - began);
  }
  nats.relay.thaw();
  expect(Math.max(...times)).toBeLessThan(NOT_SLOWED_MS);
});

test("the sockets of a key that is revoked are closed within a second", async () => {
  const { id, key } = await call<{ id: number; key: string }>(hub, "POST", "/api/keys", { name: "r", scope: "read" });
  const socket = new WebSocket(`${hub.url.replace("http", "ws")}/ws/health`, ["hub.v1", `bearer.${key}`]);
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  const began = performance.now();
  await call(hub, "DELETE", `/api/keys/${id}`);
  await until(() => expect(socket.readyState).not.toBe(WebSocket.OPEN));
  expect(performance.now() - began).toBeLessThan(CLOSED_MS);
  socket.terminate();
});

test("an outage is confirmed as soon as its retries are used up", async () => {
  const { id } = await call<{ id: number }>(hub, "PUT", "/api/projects/shop/services/page", {
    health_method: "http",
    health_url: eyes.url("page"),
    health_interval: 5,
    health_timeout: 2,
    health_retries: 2,
    health_options: NEVER_SLOW,
  });
  await until(async () => expect(await flipsOf(hub, id)).toHaveLength(1));
  eyes.hide("page", "all");
  const down = await until(async () => {
    const [, flip] = await flipsOf(hub, id);
    if (flip === undefined) throw new Error("not down yet");
    return flip;
  });
  expect(Date.parse(down.at) - Date.parse(down.began_at)).toBeLessThan(CONFIRMED_MS);
});

test("Ctrl-C ends it within seconds", async () => {
  const began = performance.now();
  expect(await hub.stop()).toBe(0);
  expect(performance.now() - began).toBeLessThan(STOPPED_MS);
});
