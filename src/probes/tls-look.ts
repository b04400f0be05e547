/**
 * Asks a port for its certificate, because Workers do not tell why they do not trust one. Nothing is verified here and
 * nothing else is sent; what comes of it are words for a person.
 */

import { ByteReader, bytesOf } from "./bytes.ts";
import { Connection, type ConnectionJob } from "./connection.ts";
import { clientHello, HANDSHAKE, HandshakeMessages, type Message, RECORD, TLS_1_2 } from "./tls-messages.ts";
import { MAX_CHAIN, readRecord, type TlsFinding } from "./tls-records.ts";
import { certificatesOfTls13 } from "./tls13-look.ts";

/** The server speaks none of the offered versions (RFC 8446, 6.2). */
const PROTOCOL_VERSION = 70;
const MAX_RECORDS = 32;

/** `prelude`: what the protocol says before TLS. Throws what the connection throws. */
export async function lookAtTls(
  job: ConnectionJob,
  serverName: string | null,
  prelude: (connection: Connection) => Promise<unknown>,
): Promise<TlsFinding> {
  const found = await look(job, prelude, (connection) => certificatesOfTls12(connection, serverName));
  if (found.kind !== "alert" || found.code !== PROTOCOL_VERSION) return found;
  return await look(job, prelude, (connection) => certificatesOfTls13(connection, serverName));
}

async function look(
  job: ConnectionJob,
  prelude: (connection: Connection) => Promise<unknown>,
  ask: (connection: Connection) => Promise<TlsFinding>,
): Promise<TlsFinding> {
  const connection = await Connection.open(job, "off");
  try {
    await prelude(connection);
    return await ask(connection);
  } finally {
    connection.close();
  }
}

/** Up to TLS 1.2, certificates are sent in the clear (RFC 5246). */
async function certificatesOfTls12(connection: Connection, serverName: string | null): Promise<TlsFinding> {
  await connection.write(clientHello({ version: TLS_1_2, serverName }).record);
  const messages = new HandshakeMessages();
  for (let count = 0; count < MAX_RECORDS; count++) {
    const record = await readRecord(connection);
    if (record === null) return { kind: "closed" };
    if (record === "none") return { kind: "no_tls" };
    if (record.type === RECORD.alert) return { kind: "alert", code: record.body[1] ?? 0 };
    if (record.type !== RECORD.handshake) break;
    messages.push(record.body);
    const found = certificatesIn(messages);
    if (found !== null) return found;
  }
  return { kind: "no_tls" };
}

/** Null while the server's part of the handshake goes on. */
function certificatesIn(messages: HandshakeMessages): TlsFinding | null {
  const [hello, certificate] = [messages.of(HANDSHAKE.serverHello), messages.of(HANDSHAKE.certificate)];
  const isDone = messages.of(HANDSHAKE.serverHelloDone) !== undefined;
  if (hello === undefined || certificate === undefined || !isDone) return null;
  const reader = new ByteReader(hello.body);
  const version = reader.uint(2);
  reader.take(32); // random
  reader.vector(1); // session
  const wantsCertificate = messages.of(HANDSHAKE.certificateRequest) !== undefined;
  return { kind: "certificates", chain: chainOf(certificate), version, suite: reader.uint(2), wantsCertificate };
}

function chainOf({ body }: Message): Uint8Array[] {
  const list = new ByteReader(new ByteReader(body).vector(3));
  const chain: Uint8Array[] = [];
  while (list.left > 0 && chain.length < MAX_CHAIN) chain.push(bytesOf(list.vector(3)));
  return chain;
}
