/**
 * One HTTP/1.1 request over a connection of its own (RFC 9112). It sends headers as they are given and reads answers as
 * generously as browsers do. No connection is used twice, so none can be stale, and no body is longer than the limit.
 */
import { ByteQueue } from "./byte-queue.ts";
import { latin1 } from "./bytes.ts";
import { Connection } from "./connection.ts";
import { codingsIn, type HttpAnswer, transferCodings } from "./http-answer.ts";
import type { CertificateCheck, ProbeJob } from "./probe.ts";

const MAX_LINE_BYTES = 131_072;
/** Of all headers together, with those of interim answers. */
const MAX_HEADER_BYTES = 1_048_576;
/** Of the lines between the parts of a body, which are short but for extensions. */
const MAX_CHUNK_LINE_BYTES = 524_288;
const MAX_INTERIM_ANSWERS = 32;
const MAX_BLANK_LINES = 32;
/** Statuses that have no body (RFC 9110). */
const WITHOUT_BODY = [101, 204, 205, 304];
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const TOO_MANY_CHUNK_LINES = `http: the lengths of the answer's chunks are larger than ${MAX_CHUNK_LINE_BYTES / 1_024} KiB`;
const NOT_HTTP = "http: the answer is not HTTP";

export interface PlainRequest {
  method: string;
  /** `host:port`, for the Host header. */
  host: string;
  /** Path and query. */
  path: string;
  /** They replace those that are sent by default. */
  headers: Headers;
  body: string | Uint8Array | undefined;
}

/** `job.target` is the target of this request. `maxBytes`: of the body. */
export async function requestOverSocket(
  job: ProbeJob,
  request: PlainRequest,
  maxBytes: number,
  certificate: CertificateCheck = "full",
): Promise<HttpAnswer> {
  return await exchange(job, await Connection.open(job, job.target.tls ? "on" : "off", certificate), request, maxBytes);
}

/** The same over a connection that is open. What follows the headers of an answer 101 is left to be read from it. */
export async function exchange(
  job: Pick<ProbeJob, "progress">,
  connection: Connection,
  request: PlainRequest,
  maxBytes: number,
): Promise<HttpAnswer> {
  job.progress.stage = "no response headers";
  await connection.write(requestBytes(request));
  const room: Room = { left: MAX_HEADER_BYTES };
  for (let count = 0; count <= MAX_INTERIM_ANSWERS; count++) {
    const status = await readStatus(connection);
    const headers = await readHeaders(connection, room);
    if (status < 200 && status !== 101) continue; // an interim answer, be it asked for or not
    const hasBody = request.method !== "HEAD" && !WITHOUT_BODY.includes(status);
    const body = hasBody ? streamOf(connection, bodyParts(connection, headers, maxBytes)) : null;
    return {
      status,
      headers,
      body,
      codings: [...codingsIn(headers.get("content-encoding")), ...transferCodings(headers)],
    };
  }
  throw connection.failure(`http: more than ${MAX_INTERIM_ANSWERS} interim answers came, and no final one`);
}

/** Bytes that may still come. */
interface Room {
  left: number;
}

/** Header values are Latin-1, one byte a character, as `fetch` sends them. */
function requestBytes({ method, host, path, headers, body }: PlainRequest): Uint8Array {
  const content = typeof body === "object" ? body : new TextEncoder().encode(body ?? "");
  const sent = new Headers({ host, connection: "close", "accept-encoding": "identity" });
  if (method === "POST" || body !== undefined) sent.set("content-length", String(content.length)); // RFC 9110, 8.6
  if (body !== undefined) sent.set("content-type", "text/plain;charset=UTF-8");
  for (const [name, value] of headers) sent.set(name, value);
  const lines = [`${method} ${path} HTTP/1.1`, ...[...sent].map(([name, value]) => `${name}: ${value}`)];
  const head = Uint8Array.from(`${lines.join("\r\n")}\r\n\r\n`, (character) => character.charCodeAt(0));
  const bytes = new Uint8Array(head.length + content.length);
  bytes.set(head);
  bytes.set(content, head.length);
  return bytes;
}

async function readStatus(connection: Connection): Promise<number> {
  let start = latin1(await connection.upTo(5));
  for (let blank = 0; blank < MAX_BLANK_LINES && start.startsWith("\r\n"); blank++) {
    start = start.slice(2) + latin1(await connection.upTo(2)); // RFC 9112, 2.2
  }
  if (start.length > 0 && start.toUpperCase() !== "HTTP/") throw connection.failure(NOT_HTTP, { unclear: "protocol" });
  const rest = await connection.line(MAX_LINE_BYTES, "latin1");
  const [, status] = /^1\.\d +([1-9]\d\d)(?:\s|$)/.exec(rest) ?? [];
  if (status === undefined) throw connection.failure(NOT_HTTP);
  return Number(status);
}

/**
 * A line that begins with a blank continues the one before (RFC 9112, 5.2). A line that is no header is skipped, as
 * browsers do.
 */
async function readHeaders(connection: Connection, room: Room): Promise<Headers> {
  const headers = new Headers();
  let pending: [name: string, value: string] | null = null;
  while (room.left > 0) {
    const line = await connection.line(MAX_LINE_BYTES, "latin1");
    room.left -= line.length + 2;
    if (/^[ \t]+\S/.test(line) && pending !== null) {
      pending[1] += ` ${headerValue(line)}`;
      continue;
    }
    if (pending !== null && TOKEN.test(pending[0])) headers.append(...pending);
    if (line === "") return headers;
    const colon = line.indexOf(":");
    pending = [line.slice(0, Math.max(0, colon)).trim(), headerValue(line.slice(colon + 1))];
  }
  throw connection.failure(`http: the answer's headers are larger than ${MAX_HEADER_BYTES / 1_024} KiB`);
}

/** RFC 9112, 2.2, says so of CR; no header can have a NUL. */
function headerValue(text: string): string {
  return text.replace(/\0/g, "").replace(/\r/g, " ").trim();
}

/** Nothing is read before somebody asks for it. */
function streamOf(connection: Connection, parts: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  const source: UnderlyingSource<Uint8Array> = {
    async pull(controller) {
      const { done, value } = await parts.next();
      if (done === true) controller.close();
      else controller.enqueue(new Uint8Array(value));
    },
    cancel: () => connection.close(),
  };
  return new ReadableStream(source, { highWaterMark: 0 });
}

function bodyParts(connection: Connection, headers: Headers, maxBytes: number): AsyncGenerator<Uint8Array> {
  if (/(^|[\s,])chunked\s*$/i.test(headers.get("transfer-encoding") ?? "")) {
    return together(connection, chunkedParts(connection, maxBytes));
  }
  const lengths = new Set((headers.get("content-length") ?? "").split(",").map((length) => length.trim()));
  const [length = ""] = lengths;
  if (lengths.size > 1) throw connection.failure("http: the answer has several lengths");
  if (!/^\d{0,15}$/.test(length)) throw connection.failure("http: the answer's length is no number");
  return plainParts(connection, length === "" ? null : Number(length), maxBytes);
}

/** `length`: in bytes; null: the body ends with the connection. */
async function* plainParts(connection: Connection, length: number | null, maxBytes: number) {
  const limit = Math.min(length ?? maxBytes, maxBytes);
  for (let size = 0; size < limit; ) {
    const part = await connection.chunk();
    if (part === null && length !== null) throw connection.closed();
    if (part === null) return;
    yield part.subarray(0, limit - size);
    size += part.length;
  }
}

/** Chunks that came together are passed on together, which costs less. None waits for what has not come. */
async function* together(connection: Connection, parts: AsyncGenerator<Uint8Array>) {
  const LINES = 2; // that end this chunk and begin the next one
  const come = new ByteQueue();
  try {
    for await (const part of parts) {
      come.push(part);
      if (!connection.hasLines(LINES)) yield come.take();
    }
  } catch (error) {
    if (come.length > 0) yield come.take(); // it may be all that is asked for
    throw error;
  }
  if (come.length > 0) yield come.take();
}

/** A part is passed on when it comes, because the rest of its chunk may come much later. */
async function* chunkedParts(connection: Connection, maxBytes: number) {
  const room: Room = { left: MAX_CHUNK_LINE_BYTES };
  for (let size = 0; size < maxBytes; ) {
    const line = await connection.line(MAX_LINE_BYTES, "latin1");
    room.left -= line.length + 4; // and its line break, and that after the chunk
    if (room.left < 0) throw connection.failure(TOO_MANY_CHUNK_LINES);
    const [, hex] = /^\s*0*([0-9a-f]{1,8})\s*(?:;|$)/i.exec(line) ?? [];
    if (hex === undefined) throw connection.failure("http: the answer's chunks can't be read");
    const length = Number.parseInt(hex, 16);
    if (length === 0) return;
    for (let left = length; left > 0 && size < maxBytes; ) {
      const part = await connection.atMost(Math.min(left, maxBytes - size));
      yield part;
      size += part.length;
      left -= part.length;
    }
    if (size < maxBytes) await connection.line(2); // the line break after a chunk
  }
}
