/**
 * One HTTP/1.1 request over a socket (RFC 9112), for targets that are addresses: the platform's `fetch` refuses those.
 * Only what a probe needs: no connection is used twice, and no body is longer than the limit.
 */
import { Connection } from "./connection.ts";
import type { ProbeJob } from "./probe.ts";

const MAX_LINE_BYTES = 8_192;
const MAX_HEADERS = 100;
/** Statuses that have no body (RFC 9110). */
const WITHOUT_BODY = [204, 205, 304];

export interface PlainRequest {
  method: string;
  /** `host:port`, as the Host header has it. */
  host: string;
  /** Path and query. */
  path: string;
  headers: Headers;
  body: string | undefined;
}

/** `job.target` is the target of this request. `maxBytes`: of the body. */
export async function requestOverSocket(job: ProbeJob, request: PlainRequest, maxBytes: number): Promise<Response> {
  const connection = await Connection.open(job, "off");
  job.stage = "no response headers";
  await connection.write(requestText(request));
  for (;;) {
    const status = await readStatus(connection);
    const headers = await readHeaders(connection);
    if (status < 200) continue; // an interim answer
    const hasBody = request.method !== "HEAD" && !WITHOUT_BODY.includes(status);
    return new Response(hasBody ? streamOf(connection, bodyParts(connection, headers, maxBytes)) : null, {
      ...{ status, headers },
    });
  }
}

function requestText({ method, host, path, headers, body }: PlainRequest): string {
  const bytes = body === undefined ? null : new TextEncoder().encode(body).length;
  const lines = [
    `${method} ${path} HTTP/1.1`,
    `host: ${host}`,
    "connection: close",
    "accept-encoding: identity",
    ...(bytes === null ? [] : [`content-length: ${bytes}`]),
    ...[...headers].map(([name, value]) => `${name}: ${value}`),
  ];
  return `${lines.join("\r\n")}\r\n\r\n${body ?? ""}`;
}

async function readStatus(connection: Connection): Promise<number> {
  const [, status] = /^HTTP\/1\.[01] ([1-5]\d\d)(?: |$)/.exec(await connection.line(MAX_LINE_BYTES)) ?? [];
  if (status === undefined) throw connection.failure("http: the answer is no HTTP");
  return Number(status);
}

async function readHeaders(connection: Connection): Promise<Headers> {
  const headers = new Headers();
  for (let count = 0; count < MAX_HEADERS; count++) {
    const line = await connection.line(MAX_LINE_BYTES);
    if (line === "") return headers;
    const colon = line.indexOf(":");
    try {
      headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
    } catch {
      throw connection.failure("http: the answer has a header that is none");
    }
  }
  throw connection.failure(`http: the answer has more than ${MAX_HEADERS} headers`);
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
  if (/\bchunked\b/i.test(headers.get("transfer-encoding") ?? "")) return chunkedParts(connection, maxBytes);
  const length = headers.get("content-length");
  if (length !== null && !/^\d{1,15}$/.test(length)) throw connection.failure("http: the answer's length is no number");
  return plainParts(connection, length === null ? null : Number(length), maxBytes);
}

/** `length`: in bytes; null: the body ends with the connection. */
async function* plainParts(connection: Connection, length: number | null, maxBytes: number) {
  const limit = Math.min(length ?? maxBytes, maxBytes);
  for (let size = 0; size < limit; ) {
    const part = await connection.chunk();
    if (part === null && length !== null) throw connection.failure("connect: the connection was closed");
    if (part === null) return;
    yield part.subarray(0, limit - size);
    size += part.length;
  }
}

async function* chunkedParts(connection: Connection, maxBytes: number) {
  for (let size = 0; size < maxBytes; ) {
    const [, hex] = /^([0-9a-f]{1,8})\s*(?:;|$)/i.exec(await connection.line(MAX_LINE_BYTES)) ?? [];
    if (hex === undefined) throw connection.failure("http: the answer's chunks can't be read");
    const length = Number.parseInt(hex, 16);
    if (length === 0) return;
    const part = await connection.read(Math.min(length, maxBytes - size));
    yield part;
    size += part.length;
    if (size < maxBytes) await connection.read(2); // the line break after a chunk
  }
}
