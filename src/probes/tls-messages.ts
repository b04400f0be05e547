/** The few messages of TLS that ask a server for its certificate (RFC 5246, RFC 8446). */
import { ByteQueue } from "./byte-queue.ts";
import { ByteReader, joined, uint, vector } from "./bytes.ts";

export const TLS_1_2 = 0x0303;
export const TLS_1_3 = 0x0304;
export const RECORD = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23 } as const;
export const HANDSHAKE = {
  clientHello: 1,
  serverHello: 2,
  certificate: 11,
  certificateRequest: 13,
  serverHelloDone: 14,
} as const;
const KNOWN: ReadonlySet<number> = new Set(Object.values(HANDSHAKE));
/** Of a message of the handshake: its type and its length. */
const HEADER_BYTES = 4;
export const EXTENSION = { keyShare: 51 } as const;
export const X25519 = 29;

/** The ciphers of servers of TLS 1.0 to 1.2: ECDHE and RSA, with AES in GCM and CBC, and ChaCha20. */
const SUITES_1_2 = [
  ...[0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc009, 0xc013, 0xc00a, 0xc014],
  ...[0x009c, 0x009d, 0x002f, 0x0035],
];
/** TLS_AES_128_GCM_SHA256 and TLS_AES_256_GCM_SHA384. */
const SUITES_1_3 = [0x1301, 0x1302];
const GROUPS = [X25519, 23, 24, 25];
const SIGNATURES = [0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0807, 0x0401, 0x0501, 0x0601, 0x0203, 0x0201];

export interface Message {
  type: number;
  body: Uint8Array;
  /** With its header. */
  whole: Uint8Array;
}

export interface Hello {
  version: typeof TLS_1_2 | typeof TLS_1_3;
  /** Null: the host is an address, and addresses are not sent (RFC 6066, 3). */
  serverName: string | null;
  /** TLS 1.3: the client's public key of X25519. */
  publicKey?: Uint8Array;
}

/** Returns the record to send, and the message in it. */
export function clientHello({ version, serverName, publicKey }: Hello): { record: Uint8Array; message: Uint8Array } {
  const is13 = version === TLS_1_3;
  const extensions = [
    ...(serverName === null ? [] : [extension(0, vector(2, [0], vector(2, new TextEncoder().encode(serverName))))]),
    extension(10, vector(2, ...GROUPS.map((group) => uint(group, 2)))),
    extension(11, vector(1, [0])),
    extension(13, vector(2, ...SIGNATURES.map((scheme) => uint(scheme, 2)))),
    ...(is13 ? [extension(43, vector(1, uint(TLS_1_3, 2)))] : []),
    ...(publicKey === undefined
      ? []
      : [extension(EXTENSION.keyShare, vector(2, uint(X25519, 2), vector(2, publicKey)))]),
  ];
  const random = () => crypto.getRandomValues(new Uint8Array(32));
  const body = joined(
    uint(TLS_1_2, 2),
    random(),
    vector(1, is13 ? random() : []),
    vector(2, ...(is13 ? SUITES_1_3 : SUITES_1_2).map((suite) => uint(suite, 2))),
    vector(1, [0]),
    vector(2, ...extensions),
  );
  const message = joined([HANDSHAKE.clientHello], vector(3, body));
  return { record: joined([RECORD.handshake], uint(0x0301, 2), vector(2, message)), message };
}

function extension(type: number, content: Uint8Array): Uint8Array {
  return joined(uint(type, 2), vector(2, content));
}

/** Puts the messages of a handshake together, of which a record may have a part or several. */
export class HandshakeMessages {
  readonly #bytes = new ByteQueue();
  /** The first one of each type, so that no number of them is kept or searched. */
  readonly #first = new Map<number, Message>();

  push(part: Uint8Array): void {
    this.#bytes.push(part);
    for (;;) {
      const reader = new ByteReader(this.#bytes.peek());
      const [type, length] = [reader.uint(1), reader.uint(3)];
      const size = HEADER_BYTES + length;
      if (this.#bytes.length < Math.max(HEADER_BYTES, size)) return;
      const whole = this.#bytes.take(size);
      if (!KNOWN.has(type) || this.#first.has(type)) continue;
      this.#first.set(type, { type, body: whole.subarray(HEADER_BYTES), whole });
    }
  }

  /** Undefined: none has come. */
  of(type: number): Message | undefined {
    return this.#first.get(type);
  }
}
