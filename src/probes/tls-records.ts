/** Reads records of TLS (RFC 8446, 5.1), and what a look at a port may find. */

import { ByteReader, joined } from "./bytes.ts";
import type { Connection } from "./connection.ts";
import { RECORD } from "./tls-messages.ts";

/** Of the body, with whatever a cipher adds (RFC 5246, 6.2.3). */
const MAX_RECORD_BYTES = 18_432;
/** As long as any real chain, so that no server makes this long. */
export const MAX_CHAIN = 16;

export type TlsFinding = Certificates | { kind: "alert"; code: number } | { kind: "no_tls" } | { kind: "closed" };

export interface Certificates {
  kind: "certificates";
  /** DER, the server's own first; MAX_CHAIN at most. */
  chain: Uint8Array[];
  /** As on the wire: 0x0303 is TLS 1.2. */
  version: number;
  suite: number;
  /** The server asks for a certificate of the client. */
  wantsCertificate: boolean;
}

export interface TlsRecord {
  type: number;
  /** Its five bytes. */
  header: Uint8Array;
  body: Uint8Array;
}

/** Returns null when the connection was closed, and `none` when the bytes are no record of TLS. */
export async function readRecord(connection: Connection): Promise<TlsRecord | "none" | null> {
  const first = await connection.upTo(1);
  const [type] = first;
  if (type === undefined) return null;
  if (type < RECORD.changeCipherSpec || type > RECORD.applicationData) return "none";
  const rest = await connection.upTo(4);
  const reader = new ByteReader(rest);
  if (reader.uint(1) !== 3 || rest.length < 4) return "none";
  reader.uint(1);
  const length = reader.uint(2);
  if (length > MAX_RECORD_BYTES) return "none";
  return { type, header: joined(first, rest), body: await connection.read(length) };
}
