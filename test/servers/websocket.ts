/** A real WebSocket server (the package ws), and one that lies, on the same ports of the loopback, with and without TLS. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { KeyPair } from "./certificates.ts";
import type { Started } from "./child-process.ts";

export interface WebSocketServers extends Started {
  /** The same over TLS. */
  tls: number;
}

const KIB = 1_024;
const EVERY_MS = 20;

/** By the first word of the path. */
const HONEST: Record<string, (socket: WebSocket, request: IncomingMessage) => void> = {
  silent: () => {},
  echo: (socket) => socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary })),
  greet: (socket) => socket.send("welcome"),
  headers: (socket, request) => socket.send(JSON.stringify(request.headers)),
  json: (socket) => socket.on("message", () => socket.send('{"status":"ok","users":3}')),
  binary: (socket) => socket.on("message", () => socket.send(Buffer.alloc(12))),
  full: (socket) => socket.on("message", () => socket.send("x".repeat(64 * KIB))),
  large: (socket) => socket.on("message", () => socket.send("x".repeat(64 * KIB + 1))),
  busy: (socket) => socket.on("message", () => socket.close(1013, "try again later")),
  leaving: (socket) => socket.close(),
  breaking: (socket) => socket.on("message", () => socket.close(1011, "no database")),
  restarting: (socket) => socket.close(1001),
  fragments: (socket) => socket.on("message", () => void sendFragments(socket)),
  /** Answers when its ping was answered. */
  ping: (socket) =>
    socket.on("message", () => socket.ping("are you there?")).on("pong", (data) => socket.send(`pong: ${data}`)),
};

async function sendFragments(socket: WebSocket): Promise<void> {
  for (const part of ["in ", "four ", "", "pieces"]) {
    socket.ping(part);
    socket.pong();
    socket.send(part, { fin: part === "pieces" });
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}

const frame = (first: number, payload: string | Buffer = "", second = payload.length) =>
  Buffer.concat([Buffer.from([first, second]), Buffer.from(payload)]);

/** What is written after an honest upgrade. */
const LIES: Record<string, (socket: Duplex) => void> = {
  masked: (socket) => socket.write(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x6f, 0x6b])),
  reserved: (socket) => socket.write(frame(0xc1, "ok")),
  opcode: (socket) => socket.write(frame(0x83, "ok")),
  "long-ping": (socket) => socket.write(Buffer.concat([Buffer.from([0x89, 126, 0, 126]), Buffer.alloc(126)])),
  "fragmented-ping": (socket) => socket.write(frame(0x09, "ok")),
  continuation: (socket) => socket.write(frame(0x80, "ok")),
  interleaved: (socket) => socket.write(Buffer.concat([frame(0x01, "o"), frame(0x81, "k")])),
  "half-a-code": (socket) => socket.write(frame(0x88, "x")),
  "not-utf8": (socket) => socket.write(frame(0x81, Buffer.from([0x6f, 0xff]))),
  huge: (socket) => socket.write(Buffer.from([0x81, 127, 0, 0, 0xff, 0, 0, 0, 0, 0])),
  endless: (socket) => pour(socket, frame(0x00, "x".repeat(125)), frame(0x01, "x")),
  pings: (socket) => pour(socket, frame(0x89, "x".repeat(125))),
  cut: (socket) => socket.end(frame(0x81, "ok", 5)),
  pongs: (socket) => socket.write(many(101, frame(0x8a))),
  "empty-fragments": (socket) => socket.write(Buffer.concat([frame(0x01), many(101, frame(0x00))])),
  "small-fragments": (socket) => socket.write(Buffer.concat([frame(0x01), many(44_000, frame(0x00, "x"))])),
  "one-byte-fragments": (socket) => socket.write(inFragments("ok".padEnd(40_000, "x"))),
  ended: (socket) => socket.end(),
  stolen: (socket) => socket.write(frame(0x88, Buffer.from([0x0f, 0xa1]))),
  reset: (socket) => void ("resetAndDestroy" in socket ? (socket.resetAndDestroy as () => void)() : socket.destroy()),
};

function many(count: number, bytes: Buffer): Buffer {
  return Buffer.concat(Array.from({ length: count }, () => bytes));
}

function inFragments(text: string): Buffer {
  const last = text.length - 1;
  const first = (index: number) => (index === 0 ? 0x01 : 0x00) | (index === last ? 0x80 : 0);
  return Buffer.concat(Array.from(text, (character, index) => frame(first(index), character)));
}

function pour(socket: Duplex, bytes: Buffer, first = bytes): void {
  socket.write(first);
  const block = many(64, bytes);
  const go = () => {
    while (socket.writable && socket.write(block));
  };
  socket.on("drain", go).resume();
  go();
}

const accept = ({ headers }: IncomingMessage) =>
  createHash("sha1").update(`${headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
const UPGRADE = "HTTP/1.1 101 Switching Protocols\r\n";

/** Nobody reads requests from a connection that asked for an upgrade. */
const LAST = "Connection: close\r\n";

/** Answers to the upgrade itself. */
const ANSWERS: Record<string, (request: IncomingMessage) => string> = {
  "wrong-accept": () => `${UPGRADE}Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: bm8=\r\n\r\n`,
  "no-accept": () => `${UPGRADE}Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n`,
  "no-upgrade": (request) => `${UPGRADE}Connection: Upgrade\r\nSec-WebSocket-Accept: ${accept(request)}\r\n\r\n`,
  "no-extension": (request) => upgraded(request, "Sec-WebSocket-Extensions:\r\n"),
  extension: (request) => upgraded(request, "Sec-WebSocket-Extensions: permessage-deflate\r\n"),
  subprotocol: (request) => upgraded(request, "Sec-WebSocket-Protocol: other\r\n"),
  early: () =>
    `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 403 Forbidden\r\n${LAST}Content-Length: 2\r\n\r\nno`,
  moved: () => `HTTP/1.1 301 Moved\r\nLocation: /elsewhere\r\n${LAST}Content-Length: 0\r\n\r\n`,
  fine: () => `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n${LAST}Content-Length: 21\r\n\r\n<h1>Hello\n  you</h1>\n`,
  endless: () => `HTTP/1.1 500 Oh\r\nContent-Type: text/plain\r\n\r\n${"no ".repeat(2_000)}`,
};

function upgraded(request: IncomingMessage, more = ""): string {
  return `${UPGRADE}Upgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Accept: ${accept(request)}\r\n${more}\r\n`;
}

export async function startWebSocket({ cert, key }: KeyPair): Promise<WebSocketServers> {
  /** How clients closed, by the query of their path. */
  const closes = new Map<string, number>();
  const honest = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => (offered.has("chat.v2") ? "chat.v2" : false),
  });
  const open = new Set<Duplex>();
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    open.add(socket.on("error", () => {}).once("close", () => open.delete(socket)));
    const { pathname, search } = new URL(request.url ?? "/", "http://server");
    const [, kind = "", name = ""] = pathname.split("/");
    const talk = HONEST[kind];
    if (talk !== undefined) {
      honest.handleUpgrade(request, socket, head, (client) => {
        client.on("error", () => {}).once("close", (code) => closes.set(search, code));
        talk(client, request);
      });
    } else if (kind === "answer") socket.write(ANSWERS[name]?.(request) ?? "");
    else if (kind === "lie") {
      socket.write(upgraded(request));
      LIES[name]?.(socket.resume());
    } else socket.end(`HTTP/1.1 404 Not Found\r\n${LAST}Content-Length: 12\r\n\r\nnothing here`);
  };
  /** Requests without an upgrade ask how a client closed. */
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const { search } = new URL(request.url ?? "/", "http://server");
    response.end(String(closes.get(search) ?? ""));
  };
  const pair = { cert: await readFile(cert), key: await readFile(key) };
  const servers: Server[] = [createServer(answer), createSecureServer(pair, answer)];
  const [port = 0, tls = 0] = await Promise.all(
    servers.map(async (server) => {
      await new Promise<void>((resolve) => server.on("upgrade", upgrade).listen(0, "127.0.0.1", resolve));
      return (server.address() as AddressInfo).port;
    }),
  );
  const stop = async () => {
    for (const socket of open) socket.destroy();
    for (const server of servers) server.closeAllConnections();
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  };
  return { port, tls, stop };
}
