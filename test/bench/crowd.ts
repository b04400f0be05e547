/**
 * Many clients of /ws/health in a process of its own. Readers read and ping; the silent ones take the first bytes and
 * then never read again. They speak WebSocket over plain sockets, because thousands of real clients would take more
 * time than the hub.
 */
import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";

export interface CrowdRequest {
  port: number;
  token: string;
  readers: number;
  silent: number;
}
export type CrowdReply =
  | { opened: number }
  /** Milliseconds from each check to when a reader heard of it; how many sockets of each kind are closed. */
  | { latencies: number[]; closedReaders: number; closedSilent: number };

const AT_ONCE = 100;
/** The hub takes 2,000 requests in 10 s. */
const OPENING_MS = 700;
const PING_MS = 20_000;
/** Each of so many readers notes how late it hears; the others only read. */
const NOTING = 10;
const PING_FRAME = pingFrame();

const latencies: number[] = [];
const closed = { readers: 0, silent: 0 };

/** A text frame of a client is masked; here with zeros. */
function pingFrame(): Buffer {
  return Buffer.concat([Buffer.from([0x81, 0x84, 0, 0, 0, 0]), Buffer.from("ping")]);
}

function openSocket({ port, token }: CrowdRequest, isSilent: boolean, isNoting: boolean): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connect({ host: "127.0.0.1", port });
  socket.setNoDelay(true);
  socket.once("error", reject);
  socket.once("close", () => {
    if (isSilent) closed.silent += 1;
    else closed.readers += 1;
  });
  socket.once("data", (head) => {
    if (!head.toString("latin1").startsWith("HTTP/1.1 101")) return reject(new Error(head.toString().slice(0, 200)));
    if (isSilent) socket.pause();
    else read(socket, isNoting);
    resolve();
  });
  socket.write(
    [
      "GET /ws/health HTTP/1.1",
      `Host: 127.0.0.1:${port}`,
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`,
      `Authorization: Bearer ${token}`,
      "",
      "",
    ].join("\r\n"),
  );
  return promise;
}

function read(socket: Socket, isNoting: boolean): void {
  setTimeout(() => {
    const pinger = setInterval(() => socket.write(PING_FRAME), PING_MS);
    socket.once("close", () => clearInterval(pinger));
    socket.write(PING_FRAME);
  }, Math.random() * PING_MS);
  if (!isNoting) {
    socket.resume();
    return;
  }
  socket.on("data", (data) => {
    const now = Date.now();
    for (const [, at] of data.toString("latin1").matchAll(/"type":"health".*?"latency_ms":0,"at":"([^"]+)"/g)) {
      latencies.push(now - Date.parse(at ?? ""));
    }
  });
}

async function openAll(request: CrowdRequest): Promise<number> {
  const total = request.readers + request.silent;
  const each = Math.max(1, Math.round(total / Math.max(1, request.silent)));
  for (let opened = 0; opened < total; opened += AT_ONCE) {
    const numbers = Array.from({ length: Math.min(AT_ONCE, total - opened) }, (_, index) => opened + index);
    await Promise.all([
      new Promise((resolve) => setTimeout(resolve, OPENING_MS)),
      ...numbers.map((number) => openSocket(request, request.silent > 0 && number % each === 0, number % NOTING === 1)),
    ]);
  }
  return total;
}

process.on("message", (request: CrowdRequest | "report") => {
  const reply = (message: CrowdReply) => process.send?.(message);
  if (request === "report") {
    reply({ latencies: latencies.splice(0), closedReaders: closed.readers, closedSilent: closed.silent });
  } else {
    openAll(request).then(
      (opened) => reply({ opened }),
      (error) => {
        console.error(error);
        process.exit(1);
      },
    );
  }
});
