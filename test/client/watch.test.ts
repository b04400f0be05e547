import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { createHubClient, HubProblem, responseBody, watchHub } from "../../src/client/index.ts";
import { until } from "../until.ts";

const error = (seq: number) => JSON.stringify({ type: "error", seq, detail: "a frame" });

let server: WebSocketServer;
let stop: AbortController;
const asked: { url: string; protocols: string }[] = [];
beforeEach(async () => {
  asked.length = 0;
  stop = new AbortController();
  server = new WebSocketServer({ port: 0, host: "127.0.0.1", handleProtocols: () => "hub.v1" });
  server.on("connection", (_, { url = "", headers }) => {
    asked.push({ url, protocols: String(headers["sec-websocket-protocol"]) });
  });
  await new Promise((resolve) => server.once("listening", resolve));
});
afterEach(() => {
  stop.abort();
  for (const socket of server.clients) socket.terminate();
  server.close();
});

function watched(timing: { pingEvery?: number; silentAfter?: number } = {}) {
  const { port } = server.address() as AddressInfo; // a TCP server has no other kind of address
  const [frames, phases]: [number[], string[]] = [[], []];
  const done = watchHub({
    url: `http://127.0.0.1:${port}/`,
    key: "hub_key",
    project: 3,
    signal: stop.signal,
    onFrame: ({ seq }) => void frames.push(seq),
    onState: ({ phase }) => void phases.push(phase),
    timing: { firstRetry: 10, ...timing },
  });
  return { frames, phases, done };
}

test("a lost connection is made again and goes on after the newest frame, with the key never in the URL", async () => {
  server.on("connection", (socket) => {
    socket.send("pong");
    socket.send('{"type":"of a newer hub","seq":99}');
    socket.send(error(40 + asked.length));
    if (asked.length === 1) setTimeout(() => socket.terminate(), 20);
  });
  const { frames, phases, done } = watched();
  await until(() => expect(frames).toEqual([41, 42]));
  expect(phases).toEqual(["connecting", "live", "lost", "live"]);
  expect(asked.map(({ url }) => url)).toEqual(["/ws/health?project=3", "/ws/health?project=3&since=41"]);
  expect(asked[0]?.protocols.replace(" ", "")).toBe("hub.v1,bearer.hub_key");
  stop.abort();
  await done;
});

test("the federation is heard of in the same way", async () => {
  server.on("connection", (socket) => {
    socket.send(JSON.stringify({ type: "hub_removed", seq: 7, hub_id: "hub-b" }));
    socket.send(JSON.stringify({ type: "health", seq: 8, at: "2026-11-05T10:00:00.000Z", services: [] }));
  });
  const { port } = server.address() as AddressInfo; // a TCP server has no other kind of address
  const types: string[] = [];
  void watchHub({
    url: `http://127.0.0.1:${port}`,
    path: "/ws/federation",
    signal: stop.signal,
    onFrame: ({ type }) => void types.push(type),
  });
  await until(() => expect(types).toEqual(["hub_removed"]));
  expect(asked.at(-1)?.url).toBe("/ws/federation");
});

test("a hub that does not answer a ping counts as lost", async () => {
  const { phases } = watched({ pingEvery: 20, silentAfter: 40 });
  await until(() => expect(phases.join()).toContain("live,lost,live"));
});

test("a hub that answers every ping stays connected", async () => {
  let pings = 0;
  server.on("connection", (socket) => {
    socket.on("message", () => {
      pings += 1;
      socket.send("pong");
    });
  });
  watched({ pingEvery: 15, silentAfter: 500 });
  await until(() => expect(pings).toBeGreaterThan(3));
  expect(asked).toHaveLength(1);
});

test("a wrong URL and a key that can't travel are refused without showing the key", async () => {
  const options = { onFrame() {}, signal: stop.signal };
  await expect(watchHub({ ...options, url: "ftp://hub" })).rejects.toThrow(/expected the http/);
  await expect(watchHub({ ...options, url: "http://hub", key: "a secret" })).rejects.toThrow(/^key: it has characters/);
});

test("the client turns a problem of the hub into an error with its status and fields", async () => {
  const problem = { detail: "name: wrong", errors: [{ path: "name", message: "wrong" }] };
  const answer = (status: number, body: string) => async () => new Response(body, { status });
  const read = (fetch: () => Promise<Response>) =>
    responseBody(createHubClient({ url: "http://hub.test", fetch }).services.$get({ query: {} }));
  await expect(read(answer(400, JSON.stringify(problem)))).rejects.toMatchObject({
    name: "HubProblem",
    status: 400,
    message: "name: wrong",
    errors: problem.errors,
  });
  await expect(read(answer(502, "<html>"))).rejects.toMatchObject({ status: 502, message: "the hub answered 502" });
  await expect(read(answer(200, "<html>"))).rejects.toThrow(/is this the URL of a hub/);
  await expect(read(() => Promise.reject(new TypeError("fetch failed")))).rejects.toBeInstanceOf(HubProblem);
  expect(() => createHubClient({ url: "hub", key: "k" })).toThrow(TypeError);
});
