/**
 * The messages of the PostgreSQL protocol 3.0 that a probe needs
 * (postgresql.org/docs/current/protocol-message-formats.html).
 */
import type { Connection } from "./connection.ts";

const PROTOCOL_3_0 = 196_608;
const SSL_REQUEST = 80_877_103;
/** A response to a probe is much smaller than this. */
const MAX_MESSAGE_BYTES = 1_048_576;

const NOTHING = new Uint8Array(0);

export interface ServerMessage {
  type: string;
  body: Uint8Array;
}

export interface ServerError {
  /** SQLSTATE; empty: the message has none. */
  code: string;
  message: string;
}

export function sslRequest(): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, 8);
  view.setInt32(4, SSL_REQUEST);
  return bytes;
}

export function startup(user: string, database: string): Uint8Array {
  const text = encode(`user\0${user}\0database\0${database}\0application_name\0commandcenter-hub\0\0`);
  const bytes = new Uint8Array(8 + text.length);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, bytes.length);
  view.setInt32(4, PROTOCOL_3_0);
  bytes.set(text, 8);
  return bytes;
}

export function message(type: "p" | "Q" | "X" | "f", body: Uint8Array | string): Uint8Array {
  const content = typeof body === "string" ? encode(body) : body;
  const bytes = new Uint8Array(5 + content.length);
  bytes[0] = type.charCodeAt(0);
  new DataView(bytes.buffer).setInt32(1, 4 + content.length);
  bytes.set(content, 5);
  return bytes;
}

/** Notices may come at any time ("Message Flow", asynchronous operations), and say nothing of the server's health. */
const ASIDE = ["N", "v"];

/** `rowsToo`: after the login, messages may be long; those that are not kept are read over. */
export async function receive(connection: Connection, rowsToo = false): Promise<ServerMessage> {
  for (;;) {
    const answer = await receiveAny(connection, rowsToo);
    if (!ASIDE.includes(answer.type)) return answer;
  }
}

async function receiveAny(connection: Connection, rowsToo: boolean): Promise<ServerMessage> {
  const header = await connection.read(5);
  const type = String.fromCharCode(header[0] ?? 0);
  const length = new DataView(header.buffer, header.byteOffset).getInt32(1);
  const isLong = length > MAX_MESSAGE_BYTES;
  if (rowsToo && isLong && /[A-Za-z0-9]/.test(type)) {
    await connection.skip(length - 4);
    return { type, body: NOTHING };
  }
  if (!/[A-Za-z0-9]/.test(type) || length < 4 || isLong) {
    throw connection.failure("postgres: the answer is not that of a PostgreSQL server");
  }
  return { type, body: await connection.read(length - 4) };
}

export function errorOf(body: Uint8Array): ServerError {
  const fields = new Map(
    decode(body)
      .split("\0")
      .map((field) => [field[0], field.slice(1)]),
  );
  return { code: fields.get("C") ?? "", message: fields.get("M") ?? "unknown error" };
}

export function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
