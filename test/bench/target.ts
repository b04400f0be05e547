/**
 * The program that is probed: a bare HTTP server on many loopback addresses that notes when it answered whom. Its
 * arguments: how many ms each answer takes, and the addresses; each has a port of its own.
 */
import { createServer, type Socket } from "node:net";

/** A request for `/s/N` is one of service N. */
const PATH = /^GET \/s\/(\d+) /;
const END = "\r\n\r\n";
const GOOD = `HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2${END}ok`;
const BAD = `HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain\r\ncontent-length: 3${END}bad`;

/** What the parent may ask; `take` answers and forgets the log, `loss` sets the part of answers that is a 503. */
export type TargetRequest = { ask: "take" } | { ask: "loss"; part: number };
/** By answer, in order: the service's number and the time, Unix ms with fractions. */
export type TargetReply = { ports: number[] } | { numbers: number[]; times: number[] };

let numbers: number[] = [];
let times: number[] = [];
let loss = 0;

function answer(socket: Socket, request: string): void {
  const number = PATH.exec(request)?.[1];
  if (socket.destroyed) return;
  socket.write(Math.random() < loss ? BAD : GOOD);
  if (number === undefined) return;
  numbers.push(Number(number));
  times.push(performance.timeOrigin + performance.now());
}

function serve(socket: Socket): void {
  let text = "";
  socket.setNoDelay(true);
  socket.setEncoding("latin1");
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk) => {
    text += String(chunk);
    for (let end = text.indexOf(END); end >= 0; end = text.indexOf(END)) {
      const request = text.slice(0, end);
      if (latencyMs === 0) answer(socket, request);
      else setTimeout(() => answer(socket, request), latencyMs);
      text = text.slice(end + END.length);
    }
  });
}

function listen(host: string): Promise<number> {
  const server = createServer(serve);
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port: 0, host, backlog: 4_096 }, () => {
      const address = server.address();
      if (address !== null && typeof address === "object") resolve(address.port);
    });
  });
}

const [latency, ...hosts] = process.argv.slice(2);
const latencyMs = Number(latency);
const ports = await Promise.all(hosts.map(listen));
process.on("message", (request: TargetRequest) => {
  if (request.ask === "loss") {
    loss = request.part;
    return;
  }
  process.send?.({ numbers, times } satisfies TargetReply);
  [numbers, times] = [[], []];
});
process.once("disconnect", () => process.exit(0));
process.send?.({ ports } satisfies TargetReply);
