/** Bodies that came compressed. */
import type { Context, MiddlewareHandler } from "hono";
import type { HubEnv } from "./context.ts";
import { Problem } from "./problem.ts";

/** A small body must not fill the memory. */
const MAX_UNZIPPED_BYTES = 1_048_576;

/** For a route definition whose `guard` comes first. */
export function withUnzip<S>({ middleware, security }: { middleware: MiddlewareHandler<HubEnv>; security: S }) {
  return { middleware: [middleware, unzipBody], security };
}

/** Replaces a body with `Content-Encoding: gzip` by what it holds. */
async function unzipBody(c: Context<HubEnv>, next: () => Promise<void>): Promise<void> {
  const encoding = c.req.header("content-encoding");
  if (encoding !== undefined) {
    if (encoding !== "gzip") throw new Problem(415, "the only content encoding that is understood is gzip");
    const headers = new Headers(c.req.raw.headers);
    headers.delete("content-encoding");
    headers.delete("content-length");
    c.req.raw = new Request(c.req.url, { method: c.req.method, headers, body: await unzipped(c.req.raw.body) });
  }
  await next();
}

async function unzipped(body: ReadableStream<Uint8Array> | null): Promise<Blob> {
  if (body === null) return new Blob();
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const part of body.pipeThrough(new DecompressionStream("gzip"))) {
      size += part.length;
      if (size > MAX_UNZIPPED_BYTES) throw new Problem(413, `the body is larger than ${MAX_UNZIPPED_BYTES} bytes`);
      parts.push(part);
    }
  } catch (error) {
    throw error instanceof Problem ? error : new Problem(400, "the body is not compressed as gzip");
  }
  return new Blob(parts);
}
