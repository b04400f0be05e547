/** Servers that behave badly on purpose, each on its own port of the loopback, with a count of open connections. */
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { addressesOf, connectCode } from "../../src/node/network-look.ts";
import type { Started } from "./child-process.ts";
import type { FaultyName } from "./test-servers.ts";

const DRIP_MS = 50; // faster than a byte a second, so that tests see several bytes within a short timeout

type Behaviour = (socket: Socket) => void;

/** What each TCP port does with a new connection. */
export const FAULTY_TCP = {
  /** Accepts and says nothing. */
  silent: (socket) => void socket.resume(),
  /** Agrees to speak TLS, as PostgreSQL does, and says nothing more. */
  no_handshake: (socket) => void socket.once("data", () => socket.resume().write("S")),
  /** One byte at a time, for ever. */
  drip: (socket) => {
    const timer = setInterval(() => socket.write("+"), DRIP_MS);
    socket.once("close", () => clearInterval(timer)).resume();
  },
  /** Bytes that belong to no protocol, then stays open. */
  garbage: (socket) =>
    void socket.resume().write(Buffer.from("\x00\xff\xfe no such protocol \x80\x81\r\n\r\n", "latin1")),
  /** Closes at once. */
  closing: (socket) => void socket.destroy(),
  /** Resets at the first byte that it gets. */
  resetting: (socket) => void socket.once("data", () => socket.resetAndDestroy()),
  /** Ends its own side at once and keeps the other open. */
  half_open: (socket) => void socket.resume().end(),
  /** Sends a banner, then repeats what it is told. */
  greeting: (socket) => {
    socket.write("220 ready\r\n");
    socket.pipe(socket);
  },
  /** Answers with more than any probe wants to read. */
  flood: (socket) => {
    const chunk = Buffer.alloc(64 * 1024, 0x61);
    const pour = () => {
      while (socket.writable && socket.write(chunk));
    };
    socket.on("drain", pour).resume();
    pour();
  },
} satisfies Record<FaultyName, Behaviour>;

export interface Faulty extends Started {
  /** TCP ports by behaviour; `port` itself is HTTP. */
  ports: Record<FaultyName, number>;
  /** Connections that are open now; `http`: answers that are not finished, for a connection may be kept for the next. */
  open(): Record<string, number>;
}

const HUGE_BYTES = 10 * 1024 ** 3;
const BYTE_A_SECOND_MS = 1_000;

/** Writes for ever, as fast as the reader reads. */
function pourForever(response: ServerResponse): void {
  const chunk = Buffer.alloc(64 * 1024, 0x20);
  const pour = () => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on("drain", pour);
  pour();
}

/** Node takes a header's characters for bytes. */
function utf8(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request) body += chunk;
  return body;
}

interface Ledger {
  open(): object;
  /** Requests to `/hit`, by `?key`. */
  hits: Map<string, number>;
}

/**
 * `/look` is the look-up service of a local hub; `/answer?status&type&body&location` answers exactly so; `/open` tells what is open, `/hits?key` how often `/hit?key`
 * was asked for, `/way/NAME` answers the bytes of RAW, `/echo-json` fails with what it was sent when that is a login or a body; the other paths misbehave.
 */
async function answer(request: IncomingMessage, response: ServerResponse, { open, hits }: Ledger): Promise<void> {
  const url = new URL(request.url ?? "/", "http://faulty");
  const query = url.searchParams;
  if (url.pathname.startsWith("/echo-url/")) {
    response.setHeader("content-type", "text/plain");
    response.end(request.url);
    return;
  }
  if (url.pathname.startsWith("/way/")) {
    sayRaw(request, url.pathname.slice("/way/".length));
    return;
  }
  switch (url.pathname) {
    case "/open":
      response.end(JSON.stringify(open()));
      return;
    case "/hit": {
      const key = query.get("key") ?? "";
      hits.set(key, (hits.get(key) ?? 0) + 1);
      response.end("hit");
      return;
    }
    case "/look": {
      const address = query.get("address");
      const found = address === null ? addressesOf(query.get("host") ?? "") : connectCode(address);
      response.end(JSON.stringify(await found));
      return;
    }
    case "/hits":
      response.end(String(hits.get(query.get("key") ?? "") ?? 0));
      return;
    case "/answer":
      response.writeHead(Number(query.get("status") ?? 200), {
        "content-type": query.get("type") ?? "text/plain",
        ...(query.has("location") ? { location: utf8(query.get("location") ?? "") } : {}),
      });
      response.end(query.get("body") ?? "");
      return;
    case "/echo":
      response.setHeader("content-type", "text/plain");
      response.end(JSON.stringify({ method: request.method, headers: request.headers, body: await bodyOf(request) }));
      return;
    case "/echo-json": {
      const told = JSON.stringify({ body: await bodyOf(request), headers: request.headers });
      const status = /"(authorization|body)":"[^"]/.test(told) ? "fail" : "pass";
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ status, output: told, version: told }));
      return;
    }
    case "/loop":
      response.writeHead(302, { location: "/loop" }).end();
      return;
    case "/count-down": {
      const left = Number(query.get("left"));
      response.writeHead(left > 0 ? 302 : 200, { location: `/count-down?left=${left - 1}` }).end();
      return;
    }
    case "/endless":
      response.setHeader("content-type", query.get("type") ?? "text/plain");
      pourForever(response);
      return;
    case "/huge":
      response.writeHead(200, { "content-type": query.get("type") ?? "text/plain", "content-length": HUGE_BYTES });
      pourForever(response);
      return;
    case "/drip": {
      response.setHeader("content-type", query.get("type") ?? "text/plain");
      response.write("{");
      const timer = setInterval(() => response.write(" "), BYTE_A_SECOND_MS);
      response.once("close", () => clearInterval(timer));
      return;
    }
    case "/stalled":
      response.setHeader("content-type", query.get("type") ?? "text/plain");
      response.write("{");
      return;
    case "/cut":
      response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
      response.write("{", () => request.socket.destroy());
      return;
    case "/silent":
      return;
    default:
      response.writeHead(404).end();
  }
}

const RAW: Record<string, string> = {
  chunked: `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;note=1\r\nhello\r\nC\r\n and the end\r\n0\r\n\r\n`,
  "until-close": "HTTP/1.0 200 OK\r\n\r\nall there is",
  "no-content": "HTTP/1.1 204 No Content\r\n\r\n",
  "early-hints": "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200\r\ncontent-length: 2\r\n\r\nok",
  "bad-length": "HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\nx",
  "bad-chunk": "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nhello\r\n",
  "bad-header": "HTTP/1.1 200 OK\r\nno header\r\n\r\nx",
  "many-headers": `HTTP/1.1 200 OK\r\n${`a: ${"b".repeat(1_000)}\r\n`.repeat(1_200)}\r\nx`,
  cut: "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nx",
};

/** Writes the bytes of an answer as they are, and closes the connection. */
function sayRaw({ socket }: IncomingMessage, way: string): void {
  socket.end(RAW[way] ?? "");
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

export async function startFaulty(): Promise<Faulty> {
  const sockets = new Map<string, Set<Socket>>();
  const answering = new Set<ServerResponse>();
  const open = () => ({
    ...Object.fromEntries([...sockets].map(([name, set]) => [name, set.size])),
    http: answering.size,
  });
  const ledger: Ledger = { open, hits: new Map() };
  const track = (name: string, server: Server): Server => {
    const set = new Set<Socket>();
    sockets.set(name, set);
    return server.on("connection", (socket: Socket) => {
      set.add(socket);
      socket.on("error", () => {}).once("close", () => set.delete(socket));
    });
  };
  const http = track(
    "http",
    createHttpServer((request, response) => {
      if (request.url !== "/open") answering.add(response);
      response.once("close", () => answering.delete(response));
      answer(request, response, ledger).catch(() => response.destroy());
    }),
  );
  const names = Object.keys(FAULTY_TCP) as FaultyName[];
  const servers = names.map((name) =>
    track(name, createServer({ allowHalfOpen: name === "half_open" }, FAULTY_TCP[name] as Behaviour)),
  );
  const port = await listen(http);
  const ports = Object.fromEntries(
    await Promise.all(servers.map(async (server, i) => [names[i], await listen(server)])),
  );
  const stop = async () => {
    for (const set of sockets.values()) for (const socket of set) socket.destroy();
    await Promise.all([http, ...servers].map((server) => new Promise((resolve) => server.close(resolve))));
  };
  return { port, ports, open, stop };
}
