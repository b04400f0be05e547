/**
 * The messages of the PostgreSQL protocol 3.0 that a probe needs
 * (postgresql.org/docs/current/protocol-message-formats.html).
 */
import { joined } from "./bytes.ts";
import type { Connection } from "./connection.ts";

const PROTOCOL_3_0 = 196_608;
const SSL_REQUEST = 80_877_103;
/** A response to a probe is much smaller than this; of what a query finds, no more is read. */
export const MAX_MESSAGE_BYTES = 1_048_576;
/** Of one answer, notices among them, but for its rows. A query may raise a notice for each row that it sees. */
const MAX_MESSAGES = 100_000;
/** The type of a message and its length. */
export const HEADER_BYTES = 5;

const NOTHING = new Uint8Array(0);

export interface ServerMessage {
  type: string;
  /** Of the body, in bytes. */
  length: number;
  /** Empty: it is too long to be kept. That of a row is not even read, so nothing can be read after it. */
  body: Uint8Array;
}

export interface ServerError {
  /** SQLSTATE; empty: the message has none. */
  code: string;
  message: string;
  /** Where the server's source reports it; unlike the message it is in no human language. Empty: not told. */
  routine: string;
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

export function message(type: "p" | "Q" | "X" | "f" | "P" | "B" | "E" | "S", body: Uint8Array | string): Uint8Array {
  const content = typeof body === "string" ? encode(body) : body;
  const bytes = new Uint8Array(HEADER_BYTES + content.length);
  bytes[0] = type.charCodeAt(0);
  new DataView(bytes.buffer).setInt32(1, 4 + content.length);
  bytes.set(content, HEADER_BYTES);
  return bytes;
}

/** One statement by the extended protocol, which takes no second one. Its rows are asked for as text. */
export function statement(sql: string): Uint8Array {
  const parse = message("P", `\0${sql}\0\0\0`);
  const bind = message("B", "\0".repeat(8)); // no names, no parameters, no formats
  const execute = message("E", "\0".repeat(5)); // any number of rows: a limit would forbid parallel plans
  return joined(parse, bind, execute, message("S", ""));
}

/** The answer to CopyInResponse. Whoever copies has not seen the Sync that came before it. */
export function refusedCopy(): Uint8Array {
  return joined(message("f", "a probe copies nothing\0"), message("S", ""));
}

/** Whether the message carries what a query found: DataRow, CopyData. */
export function isRow({ type }: ServerMessage): boolean {
  return type === "D" || type === "d";
}

/** Notices may come at any time ("Message Flow", asynchronous operations), and say nothing of the server's health. */
const ASIDE = ["N", "v"];

/** The next message of an answer. */
export async function receive(connection: Connection): Promise<ServerMessage> {
  return (await messagesOf(connection).next()).value;
}

/**
 * The messages of an answer, of which the caller knows the last one. `rowsToo`: after the login, messages may be long;
 * those that are no rows are read over. How many rows are read is for the caller to say.
 */
export async function* messagesOf(connection: Connection, rowsToo = false): AsyncGenerator<ServerMessage, never> {
  for (let count = 0; count < MAX_MESSAGES; ) {
    const answer = await receiveAny(connection, rowsToo);
    if (!rowsToo || !isRow(answer)) count++;
    if (!ASIDE.includes(answer.type)) yield answer;
  }
  throw connection.failure(`postgres: more than ${MAX_MESSAGES} messages came, and no end of the answer`);
}

async function receiveAny(connection: Connection, rowsToo: boolean): Promise<ServerMessage> {
  const header = await connection.read(HEADER_BYTES);
  const type = String.fromCharCode(header[0] ?? 0);
  const length = new DataView(header.buffer, header.byteOffset).getInt32(1);
  const isKnown = /[A-Za-z0-9]/.test(type) && length >= 4;
  const isLong = length > MAX_MESSAGE_BYTES;
  if (!isKnown || (isLong && !rowsToo)) {
    throw connection.failure("postgres: the answer is not that of a PostgreSQL server");
  }
  const found = { type, length: length - 4, body: NOTHING };
  if (!isLong) return { ...found, body: await connection.read(found.length) };
  if (!isRow(found)) await connection.skip(found.length);
  return found;
}

export function errorOf(body: Uint8Array): ServerError {
  const fields = new Map(
    decode(body)
      .split("\0")
      .map((field) => [field[0], field.slice(1)]),
  );
  return {
    code: fields.get("C") ?? "",
    message: fields.get("M") ?? "unknown error",
    routine: fields.get("R") ?? "",
  };
}

export function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

export const STARTING_UP = "57P03"; // cannot_connect_now

/** The server's error in words for a person. */
export function serverWords(error: ServerError): string {
  return `postgres: ${error.code === STARTING_UP ? `rejecting: ${error.message}` : withCode(error)}`;
}

export function withCode({ code, message: text }: ServerError): string {
  return code === "" ? text : `${text} (${code})`;
}
