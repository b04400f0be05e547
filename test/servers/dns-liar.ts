/** A resolver over TCP that lies in the way that the first label of the question says. */
import { type AddressInfo, createServer, type Socket } from "node:net";
import type { Started } from "./child-process.ts";

import { type Asked, LIES } from "./dns-lies.ts";

/** Of a message. */
const HEADER_BYTES = 12;
const lies = new Map<string, (asked: Asked) => Uint8Array | null>(Object.entries(LIES));
/** These end the connection after what they say, in the middle of it or not. */
const ENDING = ["web", "many-records", "long-message"];
/** Its first question gets no answer but the end of the connection. */
const LOST_ONCE = "lost-once";

export async function startDnsLiar(): Promise<Started> {
  const sockets = new Set<Socket>();
  const heard = new Set<string>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).once("close", () => sockets.delete(socket));
    let received = Buffer.alloc(0);
    socket.on("data", (bytes: Buffer) => {
      received = Buffer.concat([received, bytes]);
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
      const query = received.subarray(2);
      const end = query.indexOf(0, HEADER_BYTES) + 5;
      const label = query.subarray(HEADER_BYTES + 1, HEADER_BYTES + 1 + (query[HEADER_BYTES] ?? 0)).toString("latin1");
      if (label === LOST_ONCE && heard.size !== heard.add(query.toString("hex")).size) {
        socket.end();
        return;
      }
      const question = query.subarray(HEADER_BYTES, end);
      const said = lies.get(label)?.({ id: query.subarray(0, 2), question, hasOpt: query.length > end }) ?? null;
      if (said !== null) socket.write(said);
      if (ENDING.includes(label)) socket.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = () => {
    for (const socket of sockets) socket.destroy();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { port: (server.address() as AddressInfo).port, stop };
}
