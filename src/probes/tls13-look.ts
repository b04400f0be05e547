/**
 * The certificate of a server that speaks TLS 1.3 only: there it is encrypted with the keys of the handshake, so the
 * handshake is followed as far as the certificate (RFC 8446, 7.1).
 */

import { ByteReader, bytesOf, joined, uint, vector } from "./bytes.ts";
import type { Connection } from "./connection.ts";
import {
  clientHello,
  EXTENSION,
  HANDSHAKE,
  HandshakeMessages,
  type Message,
  RECORD,
  TLS_1_3,
  X25519,
} from "./tls-messages.ts";
import { MAX_CHAIN, readRecord, type TlsFinding, type TlsRecord } from "./tls-records.ts";

type Bytes = Uint8Array<ArrayBuffer>;

interface Kind {
  hash: "SHA-256" | "SHA-384";
  hashBytes: number;
  /** Of AES-GCM. */
  keyBytes: number;
}
/** By cipher suite. */
const KINDS = new Map<number, Kind>([
  [0x1301, { hash: "SHA-256", hashBytes: 32, keyBytes: 16 }],
  [0x1302, { hash: "SHA-384", hashBytes: 48, keyBytes: 32 }],
]);
/** Of X25519. */
const KEY_BYTES = 32;
const NOTHING: Bytes = new Uint8Array(0);
const MAX_RECORDS = 64;
/** The server wants what the look does not know. */
const UNREADABLE: TlsFinding = { kind: "alert", code: 0 };

export async function certificatesOfTls13(connection: Connection, serverName: string | null): Promise<TlsFinding> {
  const handshake = await Handshake.begin(serverName);
  await connection.write(handshake.hello);
  for (let count = 0; count < MAX_RECORDS; count++) {
    const record = await readRecord(connection);
    if (record === null) return { kind: "closed" };
    if (record === "none") return { kind: "no_tls" };
    const found = await handshake.take(record);
    if (found !== null) return found;
  }
  return UNREADABLE;
}

/** The client's side of one handshake, as far as the certificate. */
class Handshake {
  /** The record to send. */
  readonly hello: Uint8Array;
  readonly #message: Uint8Array;
  readonly #privateKey: CryptoKey;
  #cipher: RecordCipher | null = null;
  #suite = 0;
  readonly #received = new HandshakeMessages();

  private constructor(privateKey: CryptoKey, hello: ReturnType<typeof clientHello>) {
    this.#privateKey = privateKey;
    this.hello = hello.record;
    this.#message = hello.message;
  }

  static async begin(serverName: string | null): Promise<Handshake> {
    const pair = (await crypto.subtle.generateKey({ name: "X25519" }, false, ["deriveBits"])) as CryptoKeyPair;
    const publicKey = new Uint8Array((await crypto.subtle.exportKey("raw", pair.publicKey)) as ArrayBuffer);
    return new Handshake(pair.privateKey, clientHello({ version: TLS_1_3, serverName, publicKey }));
  }

  /** Returns null while there is more to come. */
  async take(record: TlsRecord): Promise<TlsFinding | null> {
    switch (record.type) {
      case RECORD.changeCipherSpec:
        return null; // sent for the sake of middleboxes
      case RECORD.alert:
        return { kind: "alert", code: record.body[1] ?? 0 };
      case RECORD.handshake:
        return await this.#agree(record.body);
      default:
        return await this.#open(record);
    }
  }

  async #agree(body: Uint8Array): Promise<TlsFinding | null> {
    const messages = new HandshakeMessages();
    messages.push(body);
    const message = messages.of(HANDSHAKE.serverHello);
    const share = message === undefined ? null : shareOf(message);
    const kind = KINDS.get(share?.suite ?? 0);
    if (message === undefined || share === null || kind === undefined) return UNREADABLE;
    this.#suite = share.suite;
    this.#cipher = await handshakeCipher(this.#privateKey, share.key, joined(this.#message, message.whole), kind);
    return null;
  }

  async #open({ header, body }: TlsRecord): Promise<TlsFinding | null> {
    if (this.#cipher === null) return UNREADABLE;
    const { type, content } = await this.#cipher.open(header, body);
    if (type === RECORD.alert) return { kind: "alert", code: content[1] ?? 0 };
    this.#received.push(content);
    const certificate = this.#received.of(HANDSHAKE.certificate);
    if (certificate === undefined) return null;
    const wantsCertificate = this.#received.of(HANDSHAKE.certificateRequest) !== undefined;
    return {
      kind: "certificates",
      chain: chainOf(certificate),
      version: TLS_1_3,
      suite: this.#suite,
      wantsCertificate,
    };
  }
}

/** The server's choice and public key; null: it wants another group (HelloRetryRequest). */
function shareOf({ body }: Message): { suite: number; key: Bytes } | null {
  const reader = new ByteReader(body);
  reader.take(2 + 32); // version and random
  reader.vector(1);
  const suite = reader.uint(2);
  reader.uint(1); // compression
  const extensions = new ByteReader(reader.vector(2));
  while (extensions.left > 0) {
    const type = extensions.uint(2);
    const content = new ByteReader(extensions.vector(2));
    if (type !== EXTENSION.keyShare) continue;
    const key = content.uint(2) === X25519 ? content.vector(2) : NOTHING;
    return key.length === KEY_BYTES ? { suite, key: bytesOf(key) } : null;
  }
  return null;
}

/** Each certificate has extensions after it, unlike in TLS 1.2. */
function chainOf({ body }: Message): Uint8Array[] {
  const reader = new ByteReader(body);
  reader.vector(1);
  const list = new ByteReader(reader.vector(3));
  const chain: Uint8Array[] = [];
  while (list.left > 0 && chain.length < MAX_CHAIN) {
    chain.push(bytesOf(list.vector(3)));
    list.vector(2);
  }
  return chain;
}

interface RecordCipher {
  open(header: Uint8Array, body: Uint8Array): Promise<{ type: number; content: Bytes }>;
}

async function handshakeCipher(
  privateKey: CryptoKey,
  serverKey: Bytes,
  transcript: Bytes,
  kind: Kind,
): Promise<RecordCipher> {
  const key = await crypto.subtle.importKey("raw", serverKey, { name: "X25519" }, false, []);
  // The types of Workers call the other side's key `$public`; both runtimes read `public`.
  const agreement = { name: "X25519", public: key } as unknown as SubtleCryptoDeriveKeyAlgorithm;
  const shared = new Uint8Array(await crypto.subtle.deriveBits(agreement, privateKey, 8 * KEY_BYTES));
  const keys = new KeySchedule(kind);
  const zeros = new Uint8Array(kind.hashBytes);
  const early = await keys.extract(zeros, zeros);
  const salt = await keys.expand(early, "derived", await keys.digest(NOTHING), kind.hashBytes);
  const handshake = await keys.extract(salt, shared);
  const secret = await keys.expand(handshake, "s hs traffic", await keys.digest(transcript), kind.hashBytes);
  const iv = await keys.expand(secret, "iv", NOTHING, 12);
  const raw = await keys.expand(secret, "key", NOTHING, kind.keyBytes);
  const aes = await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["decrypt"]);
  let sequence = 0;
  return {
    async open(header, body) {
      const counter = joined(new Uint8Array(4), uint(sequence++, 8));
      const nonce = iv.map((byte, index) => byte ^ (counter[index] ?? 0));
      const algorithm = { name: "AES-GCM", iv: nonce, additionalData: bytesOf(header) };
      const inner = new Uint8Array(await crypto.subtle.decrypt(algorithm, aes, bytesOf(body)));
      const end = inner.findLastIndex((byte) => byte !== 0); // the type of the content, and padding after it
      return { type: inner[end] ?? 0, content: inner.slice(0, Math.max(0, end)) };
    },
  };
}

/** HKDF as TLS 1.3 uses it (RFC 8446, 7.1). */
class KeySchedule {
  readonly #hash: Kind["hash"];

  constructor({ hash }: Kind) {
    this.#hash = hash;
  }

  async digest(bytes: Bytes): Promise<Bytes> {
    return new Uint8Array(await crypto.subtle.digest(this.#hash, bytes));
  }

  /** HKDF-Extract. */
  async extract(salt: Bytes, input: Bytes): Promise<Bytes> {
    const key = await crypto.subtle.importKey("raw", salt, { name: "HMAC", hash: this.#hash }, false, ["sign"]);
    return new Uint8Array(await crypto.subtle.sign("HMAC", key, input));
  }

  /** HKDF-Expand-Label, for at most one block of the hash. */
  async expand(secret: Bytes, label: string, context: Bytes, length: number): Promise<Bytes> {
    const info = joined(uint(length, 2), vector(1, new TextEncoder().encode(`tls13 ${label}`)), vector(1, context));
    return (await this.extract(secret, joined(info, [1]))).slice(0, length);
  }
}
