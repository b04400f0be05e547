/** Stands before a TLS server and breaks its proof that it has the key of its certificate. */
import { connect, createServer, type Server } from "node:net";

const HEADER_BYTES = 5;
const HANDSHAKE = 22;
const SERVER_KEY_EXCHANGE = 12;

/** Up to TLS 1.2 the proof is sent in the clear (RFC 5246, 7.4.3). */
export function forging(port: number): Server {
  return createServer((client) => {
    const server = connect(port, "127.0.0.1");
    const end = () => [client, server].map((each) => each.destroy());
    for (const each of [client, server]) each.on("error", end).on("close", end);
    client.pipe(server);
    server.on("data", (flight) => client.write(forged(flight)));
  });
}

/** Changes the last byte of the signature. Each message of the flight has a record of its own. */
function forged(flight: Buffer): Buffer {
  for (let at = 0; at + HEADER_BYTES < flight.length; ) {
    const end = at + HEADER_BYTES + flight.readUInt16BE(at + 3);
    const isProof = flight[at] === HANDSHAKE && flight[at + HEADER_BYTES] === SERVER_KEY_EXCHANGE;
    if (isProof) flight.writeUInt8(flight.readUInt8(end - 1) ^ 1, end - 1);
    at = end;
  }
  return flight;
}
