/** Checks of WebSockets with a real server (ws) and with one that lies: by fetch, over sockets, and by an agent. */
import { describe, expect, inject, it } from "vitest";
import type { HealthOptions } from "../../src/core/service/options.ts";
import { runCheck } from "./run-check.ts";
import { runtime, WAYS } from "./runtime.ts";

const { websocket, faulty, nginx, nothing, black_hole } = inject("servers");
const NAME = "${PROBE_SECRET_S}" as const;
const SECRET = "hunter2-hunter2-hunter2";

/** What the runtime does with the lies that it does not mind. */
const FORGIVEN = new Map([
  ["/lie/not-utf8", 'websocket: the answer does not contain "ok": "o\ufffd"'],
  ["/lie/masked", null],
  ["/lie/long-ping", "timeout after 2 s: no message came"],
  ["/lie/half-a-code", "websocket: the server closed before the answer, without a code"],
  ["/lie/pings", "timeout after 2 s: no message came"],
  ["/lie/pongs", "timeout after 2 s: no message came"],
  ["/lie/empty-fragments", "timeout after 2 s: no message came"],
  ["/lie/small-fragments", "timeout after 2 s: no message came"],
]);

/** How a client that closed by the query was seen to close, as soon as that is known. */
async function closeOf(key: string): Promise<string> {
  for (let left = 200; left > 0; left--) {
    const answer = await fetch(`http://127.0.0.1:${websocket.plain}/closed?${key}`);
    const code = await answer.text();
    if (code !== "") return code;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return "";
}

/** A deployed hub asks names by fetch. The runtime itself then reads the frames, and forgives some mistakes. */
const BY_FETCH = runtime.fetch === null ? {} : { "fetch of a name": { fetchesAddresses: false } };

describe.each(Object.entries({ ...WAYS, ...BY_FETCH }))("by %s", (name, over) => {
  const isByFetch = name in BY_FETCH;
  const host = isByFetch ? "localhost" : "127.0.0.1";
  const memory = { get: () => undefined, set: () => {} };
  const looks = runtime.looks === undefined ? {} : { looks: { ...runtime.looks, memory } };
  const check = (url: string, health_options: HealthOptions = {}, secret?: string) =>
    runCheck({ health_method: "websocket", health_url: url.replace("127.0.0.1", host), health_options }, true, {
      ...over,
      ...looks,
      ...(secret === undefined ? {} : { secret: () => secret }),
    });
  const ask = (path: string, options: HealthOptions = {}, secret?: string) =>
    check(`ws://127.0.0.1:${websocket.plain}${path}`, options, secret);

  it("passes when the upgrade works, and closes normally", async () => {
    expect(await ask(`/silent?${encodeURIComponent(name)}`)).toMatchObject({ verdict: "ok", error: null });
    expect(await closeOf(encodeURIComponent(name))).toBe("1000");
  });

  it.each<[string, string, HealthOptions]>([
    ["its answer contains the text", "/echo", { send: "ping ✓", expect: "ng ✓" }],
    ["it greets", "/greet", { expect: "welcome" }],
    ["its answer fulfils the conditions", "/json", { send: "?", json: [{ path: "$.users", op: ">", value: 2 }] }],
    ["its answer comes in pieces, with pings between them", "/fragments", { send: "?", expect: "in four pieces" }],
    ["it wants its pings answered", "/ping", { send: "?", expect: "pong: are you there?" }],
    ["its answer has 64 KiB", "/full", { send: "?", expect: "xx" }],
    ["it takes the subprotocol", "/greet", { subprotocol: "chat.v2" }],
  ])("passes when %s", async (_what, path, options) => {
    expect(await ask(path, options)).toMatchObject({ verdict: "ok", error: null });
    expect(await check(`wss://localhost:${websocket.tls}${path}`, options)).toMatchObject({
      verdict: "ok",
      error: null,
    });
  });

  it("sends headers and the login, and takes http for ws", async () => {
    const headers = { origin: "https://app.example.com", "x-key": NAME };
    const json = [
      { path: "$.origin", op: "==" as const, value: "https://app.example.com" },
      { path: '$["x-key"]', op: "==" as const, value: NAME },
      { path: "$.authorization", op: "==" as const, value: "Basic ${credentials}" },
    ];
    const url = `http://me:${NAME}@127.0.0.1:${websocket.plain}/headers`;
    expect(await check(url, { headers, json }, SECRET)).toMatchObject({ verdict: "ok", error: null });
  });

  it.each<[string, string, HealthOptions, string | RegExp]>([
    ["another text comes", "/echo", { send: "a", expect: "b" }, 'the answer does not contain "b": "a"'],
    [
      "the answer is nested too deeply",
      "/echo",
      { send: "[".repeat(20_000) + "]".repeat(20_000), json: [{ path: "$[0]", op: "==", value: 1 }] },
      "the JSON is nested deeper than 500 levels",
    ],
    ["the answer is no JSON", "/greet", { json: [{ path: "$.a", op: "exists" }] }, 'the answer is not JSON: "welcome"'],
    [
      "a condition fails",
      "/json",
      { send: "?", json: [{ path: "$.users", op: ">", value: 3 }] },
      "$.users is 3, expected > 3",
    ],
    [
      "the answer is binary",
      "/binary",
      { send: "?", expect: "x" },
      "the message is binary (12 bytes), and a text is expected",
    ],
    ["the answer is too large", "/large", { send: "?", expect: "x" }, "the message is larger than 64 KiB"],
    [
      "the server closes with a reason",
      "/busy",
      { send: "?", expect: "x" },
      'the server closed before the answer, with the code 1013: "try again later"',
    ],
    [
      "the server closes without a code",
      "/leaving",
      { expect: "x" },
      "the server closed before the answer, without a code",
    ],
    [
      "the subprotocol is not taken",
      "/greet",
      { subprotocol: "chat.v1" },
      "the server does not take the subprotocol chat.v1",
    ],
    [
      "another subprotocol is taken",
      "/answer/subprotocol",
      {},
      'the server takes the subprotocol "other", which nobody asked for',
    ],
    ["there is no such path", "/nowhere", {}, 'status 404, expected 101: "nothing here"'],
    ["hints come before the refusal", "/answer/early", {}, 'status 403, expected 101: "no"'],
    ["it is a redirect", "/answer/moved", {}, "status 301, expected 101, a redirect to /elsewhere"],
    ["it is a page", "/answer/fine", {}, 'status 200, expected 101: "<h1>Hello you</h1>"'],
    ["the refusal never ends", "/answer/endless", {}, /^status 500, expected 101: "(no )+no?…"$/],
  ])("fails when %s", async (_what, path, options, error) => {
    const found = await ask(path, options);
    const wanted =
      typeof error === "string"
        ? `websocket: ${error}`
        : expect.stringMatching(new RegExp(error.source.replace("^", "^websocket: ")));
    expect(found).toMatchObject({ verdict: "fail", error: wanted });
    expect(found.latency_ms).not.toBeNull();
  });

  it.each<[string, string | RegExp]>([
    ["/answer/wrong-accept", "the answer 101 has a wrong Sec-WebSocket-Accept, so it is not of a WebSocket server"],
    ["/answer/no-accept", "the answer 101 has a wrong Sec-WebSocket-Accept, so it is not of a WebSocket server"],
    ["/answer/no-upgrade", "the answer 101 is no upgrade to WebSocket"],
    ["/answer/extension", 'the server uses an extension that nobody asked for: "permessage-deflate"'],
    ["/lie/masked", "the server breaks the protocol: a frame is masked, which only clients do"],
    ["/lie/reserved", "the server breaks the protocol: a frame has bits of an extension that nobody asked for"],
    ["/lie/opcode", "the server breaks the protocol: a frame is of the unknown kind 3"],
    ["/lie/long-ping", "the server breaks the protocol: a control frame has more than 125 bytes"],
    ["/lie/fragmented-ping", "the server breaks the protocol: a control frame is fragmented"],
    ["/lie/continuation", "the server breaks the protocol: a message begins with a continuation"],
    ["/lie/interleaved", "the server breaks the protocol: a message begins inside another one"],
    ["/lie/half-a-code", "the server breaks the protocol: a close has half a code"],
    ["/lie/not-utf8", "the server breaks the protocol: a text is not UTF-8"],
    ["/lie/huge", "the message is larger than 64 KiB"],
    ["/lie/endless", "the message is larger than 64 KiB"],
    ["/lie/pings", "more than 100 pings, pongs and empty fragments came"],
    ["/lie/pongs", "more than 100 pings, pongs and empty fragments came"],
    ["/lie/empty-fragments", "more than 100 pings, pongs and empty fragments came"],
    ["/lie/small-fragments", "more than 128 KiB came, and no whole message"],
    ["/lie/cut", "the connection ended before the answer, without a close"],
  ])("fails when a server lies: %s", async (path, error) => {
    const found = await ask(path, { expect: "ok" });
    const forgiven = isByFetch ? FORGIVEN.get(path) : undefined;
    if (forgiven === undefined) expect(found).toMatchObject({ verdict: "fail", error: `websocket: ${error}` });
    else expect(found).toMatchObject({ verdict: forgiven === null ? "ok" : "fail", error: forgiven });
  });

  it("passes when a message comes in ever so many fragments, and without an extension's name", async () => {
    const passed = { verdict: "ok", error: null };
    expect(await ask("/lie/one-byte-fragments", { expect: "ok" })).toMatchObject(passed);
    expect(await ask("/answer/no-extension")).toMatchObject(passed);
  });

  it.each<[string, HealthOptions]>([
    ["/leaving", {}],
    ["/leaving", { send: "?" }],
    ["/restarting", {}],
    ["/greet", { send: "?" }],
    ["/lie/endless", {}],
  ])(
    "passes when nothing is expected, and a server ends without an error or says much: %s %o",
    async (path, options) => {
      expect(await ask(path, options)).toMatchObject({ verdict: "ok", error: null });
    },
  );

  it.each<[string, HealthOptions, string]>([
    ["/breaking", { send: "?" }, 'the server closed with the error code 1011: "no database"'],
    ["/lie/stolen", {}, "the server closed with the error code 4001"],
    ["/lie/stolen", { send: "?" }, "the server closed with the error code 4001"],
    ["/lie/ended", {}, "the connection ended without a close"],
    ["/lie/cut", { send: "?" }, "the connection ended without a close"],
    ["/lie/reset", {}, "the connection ended without a close"],
    ["/lie/opcode", {}, "the server breaks the protocol: a frame is of the unknown kind 3"],
  ])("fails when nothing is expected, and a server ends with an error: %s %o", async (path, options, error) => {
    expect(await ask(path, options)).toMatchObject({ verdict: "fail", error: `websocket: ${error}` });
  });

  it("fails when the connection is reset after the upgrade", async () => {
    const found = await ask("/lie/reset", { expect: "ok" });
    expect(found).toMatchObject({ verdict: "fail", error: expect.stringMatching(/^(connect|websocket): /) });
  });

  it.each<[string, string, HealthOptions, RegExp]>([
    ["nothing listens", `ws://127.0.0.1:${nothing}/`, {}, /^connect: refused/],
    ["it is a black hole", `ws://127.0.0.1:${black_hole}/`, {}, /^timeout after 2 s: /],
    ["nobody answers the upgrade", `ws://127.0.0.1:${faulty.silent}/`, {}, /^timeout after 2 s: no response headers/],
    [
      "no message comes",
      `ws://127.0.0.1:${websocket.plain}/silent`,
      { expect: "x" },
      /^timeout after 2 s: no message came/,
    ],
    [
      "no answer comes",
      `ws://127.0.0.1:${websocket.plain}/silent`,
      { send: "?", expect: "x" },
      /^timeout after 2 s: no answer to the message/,
    ],
    ["it closes at once", `ws://127.0.0.1:${faulty.closing}/`, {}, /^connect: /],
    ["it is not HTTP", `ws://127.0.0.1:${faulty.garbage}/`, {}, /^http: the answer is not HTTP/],
    [
      "the port speaks TLS",
      `ws://localhost:${websocket.tls}/greet`,
      {},
      /^(tls: this port speaks TLS.*use wss|websocket: status 400)/,
    ],
    ["the port speaks no TLS", `wss://localhost:${websocket.plain}/greet`, {}, /^tls: /],
    ["the certificate signs itself", `wss://localhost:${nginx.self_signed}/ok`, {}, /^tls: the certificate/],
    [
      "the server knows no WebSockets",
      `ws://127.0.0.1:${nginx.http}/ok`,
      {},
      /^websocket: status 200, expected 101: "all is well"/,
    ],
  ])("fails when %s", async (_what, url, options, error) => {
    if (name === "local hub" && error.source.includes("timeout")) return; // its own clock ends the probe
    const found = await check(url, options);
    expect(found.verdict).toBe("fail");
    expect(found.error).toMatch(error);
  });

  it("tells no secret that the server repeats, and compares it by its name only", async () => {
    const send = `AUTH ${NAME}`;
    expect(await ask("/echo", { send, expect: `AUTH ${NAME}` }, SECRET)).toMatchObject({ verdict: "ok", error: null });
    for (const guess of ["h", "hunter2-hunter", "x"]) {
      const found = await ask("/echo", { send, expect: `AUTH ${guess}` }, SECRET);
      expect(found.error).toBe(`websocket: the answer does not contain "AUTH ${guess}": "AUTH ${NAME}"`);
    }
  });
});
