/** Undoes the codings of a body (RFC 9110, 8.4) while it comes. The same library runs in Workers and in Node. */

import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw, type Decompressor } from "node:zlib";
import { asError } from "../core/values/error-message.ts";
import { joined } from "./bytes.ts";
import { ProbeFailure } from "./probe-failure.ts";

type Parts = AsyncIterable<Uint8Array>;

/** Each one costs a decompressor and a part of the stack. No server that means well has more than two. */
const MAX_CODINGS = 8;

/** Nobody asks for such codings, so the check fails if it needs the body. */
export class UnreadableCoding extends ProbeFailure {
  constructor(how: string) {
    super(`http: the body is compressed ${how}, which can't be read here`, { answered: true });
  }
}

/** `codings`: in the order in which they were applied. Throws an UnreadableCoding. */
export function decompressed(parts: Parts, codings: readonly string[]): Parts {
  if (codings.length > MAX_CODINGS) throw new UnreadableCoding(`more than ${MAX_CODINGS} times`);
  return codings.reduceRight(undo, parts);
}

function undo(parts: Parts, coding: string): Parts {
  switch (coding) {
    case "gzip":
    case "x-gzip":
      // A body that begins otherwise is plain already: `fetch` has undone it, or the server does not mean it.
      return through(parts, ([first, second]) => (first === 0x1f && second === 0x8b ? createGunzip() : null));
    case "deflate":
      // RFC 9110 means the format with a header; many servers send it without one.
      return through(parts, ([first = 0, second = 0]) =>
        (first & 0x0f) === 8 && ((first << 8) | second) % 31 === 0 ? createInflate() : createInflateRaw(),
      );
    case "br":
      return through(parts, () => createBrotliDecompress());
    default:
      throw new UnreadableCoding(`by ${JSON.stringify(coding)}`);
  }
}

/** `make`: chooses by the first two bytes; null: the bytes are plain. No bytes in are no bytes out. */
async function* through(
  parts: Parts,
  make: (start: Uint8Array) => Decompressor | null,
): Parts & AsyncGenerator<Uint8Array> {
  const source = parts[Symbol.asyncIterator]();
  let start: Uint8Array = new Uint8Array(0);
  while (start.length < 2) {
    const { value, done } = await source.next();
    if (done) break;
    start = joined(start, value);
  }
  if (start.length === 0) return;
  const decompressor = make(start);
  const rest = restOf(start, source);
  if (decompressor === null) {
    yield* rest;
    return;
  }
  const fed: Fed = { cut: null };
  void feed(rest, decompressor, fed);
  try {
    for await (const part of decompressor) yield new Uint8Array(part);
  } catch {
    if (fed.cut !== null) throw fed.cut;
    throw new ProbeFailure("http: the body is not compressed as its header says", { answered: true });
  } finally {
    decompressor.destroy();
    await rest.return(undefined);
  }
}

async function* restOf(start: Uint8Array, source: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  try {
    yield start;
    for (let next = await source.next(); !next.done; next = await source.next()) yield next.value;
  } finally {
    await source.return?.();
  }
}

interface Fed {
  /** The error of the body itself; null: none. */
  cut: Error | null;
}

/** Never rejects. */
async function feed(parts: Parts, decompressor: Decompressor, fed: Fed): Promise<void> {
  try {
    for await (const part of parts) {
      if (decompressor.destroyed) return;
      if (!decompressor.write(part)) await drained(decompressor);
    }
    decompressor.end();
  } catch (error) {
    fed.cut = asError(error);
    decompressor.destroy(fed.cut);
  }
}

function drained(decompressor: Decompressor): Promise<void> {
  return new Promise((resolve) => {
    for (const event of ["drain", "close", "error"] as const) decompressor.once(event, () => resolve());
  });
}
