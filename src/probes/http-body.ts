/** The text of a body: no more of it than a check needs, decompressed, and in the encoding that it declares. */
import { brotliDecompressSync } from "node:zlib";
import { joined } from "./bytes.ts";
import type { HttpAnswer } from "./http-answer.ts";
import { ProbeFailure } from "./probe.ts";

/** A `meta` element that declares the encoding stands within these first bytes (HTML, "determining the encoding"). */
const PRESCAN_BYTES = 1_024;
/** As many bytes as the longest byte order mark has. */
const BOM_BYTES = 3;

export interface BodyText {
  text: string;
  /** False: the body goes on after the part that was read. */
  isWhole: boolean;
}

/** Reads at most `maxBytes`, and stops as soon as the text `stopAt` has come. A body that was cut short throws. */
export async function readText(answer: HttpAnswer, maxBytes: number, stopAt: string | null = null): Promise<BodyText> {
  if (answer.body === null) return { text: "", isWhole: true };
  const reader = decompressed(answer.body, answer, maxBytes).getReader();
  const text = new TextReader(answer.headers.get("content-type") ?? "", stopAt);
  for (let left = maxBytes; ; ) {
    const { value, done } = await reader.read();
    if (done || value === undefined) return { text: text.end(), isWhole: true };
    const hasRoom = value.length <= left;
    text.add(hasRoom ? value : value.subarray(0, left));
    left -= value.length;
    if (hasRoom && !text.hasStopped) continue;
    await reader.cancel().catch(() => {});
    return { text: text.end(), isWhole: false };
  }
}

function decompressed(body: ReadableStream<Uint8Array>, { headers, undone }: HttpAnswer, maxBytes: number) {
  return (headers.get("content-encoding") ?? "")
    .split(",")
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== "" && coding !== "identity" && !undone.includes(coding))
    .reduceRight((stream, coding) => undo(coding, stream, maxBytes), body);
}

function undo(coding: string, stream: ReadableStream<Uint8Array>, maxBytes: number): ReadableStream<Uint8Array> {
  switch (coding) {
    case "gzip":
    case "x-gzip":
      return stream.pipeThrough(new DecompressionStream("gzip") as Through);
    case "deflate":
      return stream.pipeThrough(new DecompressionStream("deflate") as Through);
    case "br":
      return stream.pipeThrough(brotli(maxBytes));
    default:
      throw new ProbeFailure(`http: the body is compressed by ${JSON.stringify(coding)}, which can't be read here`, {
        ...{ answered: true, verdict: "unprobeable" },
      });
  }
}

/** The types of the two runtimes differ in whose buffers they take. */
type Through = ReadableWritablePair<Uint8Array, Uint8Array>;

/** No stream of both runtimes undoes brotli, so the whole body is collected first. */
function brotli(maxBytes: number): Through {
  const parts: Uint8Array[] = [];
  return new TransformStream<Uint8Array, Uint8Array>({
    transform: (part) => void parts.push(part),
    flush: (controller) => {
      const plain = brotliDecompressSync(joined(...parts), { maxOutputLength: maxBytes + 1 });
      controller.enqueue(new Uint8Array(plain));
    },
  });
}

/** Decodes bytes as they come, in the encoding that a BOM, the type or a `meta` element names; UTF-8 by default. */
class TextReader {
  readonly #type: string;
  readonly #stopAt: string | null;
  #decoder: TextDecoder | null = null;
  /** Bytes that came before the encoding was known. */
  #held: Uint8Array = new Uint8Array(0);
  readonly #parts: string[] = [];
  /** The end of what was searched, where `stopAt` may have begun. */
  #tail = "";
  /** Whether the text to stop at has come. */
  hasStopped = false;

  constructor(type: string, stopAt: string | null) {
    this.#type = type;
    this.#stopAt = stopAt;
  }

  add(bytes: Uint8Array): void {
    if (this.#decoder !== null) {
      this.#decode(bytes);
      return;
    }
    this.#held = joined(this.#held, bytes);
    const mayDeclare = /html|xml/i.test(this.#type) && declaredBy(this.#type) === null;
    if (this.#held.length >= (mayDeclare ? PRESCAN_BYTES : BOM_BYTES)) this.#begin();
  }

  end(): string {
    if (this.#decoder === null) this.#begin();
    this.#take(this.#decoder?.decode() ?? "");
    return this.#parts.join("");
  }

  #begin(): void {
    this.#decoder = decoderOf(encodingOf(this.#held, this.#type));
    this.#decode(this.#held);
  }

  #decode(bytes: Uint8Array): void {
    this.#take(this.#decoder?.decode(bytes, { stream: true }) ?? "");
  }

  /** Searches only what is new, because a body has many parts. */
  #take(part: string): void {
    this.#parts.push(part);
    if (this.#stopAt === null) return;
    const window = this.#tail + part;
    this.hasStopped ||= window.includes(this.#stopAt);
    this.#tail = this.#stopAt.length > 1 ? window.slice(1 - this.#stopAt.length) : "";
  }
}

/** A BOM is stronger than what is declared (Encoding Standard, "decode"). */
function encodingOf(bytes: Uint8Array, type: string): string {
  const [first, second, third] = bytes;
  if (first === 0xef && second === 0xbb && third === 0xbf) return "utf-8";
  if (first === 0xfe && second === 0xff) return "utf-16be";
  if (first === 0xff && second === 0xfe) return "utf-16le";
  const declared = declaredBy(type);
  if (declared !== null) return declared;
  if (!/html|xml/i.test(type)) return "utf-8";
  const start = new TextDecoder("latin1").decode(bytes.subarray(0, PRESCAN_BYTES));
  const [, inXml] = /^<\?xml[^>]*\bencoding\s*=\s*["']([\w.:-]+)/i.exec(start) ?? [];
  const [, inMeta] = /<meta\b[^>]*\bcharset\s*=\s*["']?\s*([\w.:-]+)/i.exec(start.replace(/<!--.*?-->/gs, "")) ?? [];
  const label = inXml ?? inMeta ?? "utf-8";
  return /^utf-?16/i.test(label) ? "utf-8" : label; // text that was readable until here is not UTF-16
}

function declaredBy(type: string): string | null {
  return /;\s*charset\s*=\s*"?\s*([\w.:-]+)/i.exec(type)?.[1] ?? null;
}

function decoderOf(label: string): TextDecoder {
  try {
    return new TextDecoder(label);
  } catch {
    return new TextDecoder();
  }
}
