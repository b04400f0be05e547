/** The text of a body: no more of it than a check needs, decompressed, and in the encoding that it declares. */
import { ByteQueue } from "./byte-queue.ts";
import { joined } from "./bytes.ts";
import { decompressed } from "./decompress.ts";
import { type HttpAnswer, typeOf } from "./http-answer.ts";
import { ProbeFailure } from "./probe-failure.ts";
import { QUIET_MS, quietAfter } from "./quiet.ts";

/** A `meta` element that declares the encoding stands within these first bytes (HTML, "determining the encoding"). */
const PRESCAN_BYTES = 1_024;
/** As many bytes as the longest byte order mark has. */
const BOM_BYTES = 3;
/** How long the end of a body may take that could still say more. */
const LAST_WORDS_MS = 500;

/** The error of a Worker's `fetch` that can't undo a coding. */
const BY_PLATFORM = /decompression|compressed stream|trailing bytes/i;

export interface BodyText {
  /** Without secrets, once they were removed. */
  text: string;
  /** False: the body goes on after the part that was read. */
  isWhole: boolean;
  /** Reading ended because nothing more came; absent: it did not. */
  isQuiet?: true;
}

export interface Stop {
  text: string;
  /** Whether nothing after the text matters. If not, the rest is waited for a moment. */
  isFinal: boolean;
  /**
   * Whether the text stands in what has come so far, when nothing more comes for a moment. Present: only that counts,
   * because the text may also be the beginning of something else.
   */
  isIn?: (text: string) => boolean;
}

/** Reads at most `maxBytes`, and stops when the text to stop at has come. A body that was cut short throws. */
export async function readText(answer: HttpAnswer, maxBytes: number, stop: Stop | null = null): Promise<BodyText> {
  if (answer.body === null) return { text: "", isWhole: true };
  const parts = decompressed(partsOf(answer.body), answer.codings)[Symbol.asyncIterator]();
  const { text, isFound, isFinal } = readerFor(answer, stop);
  let lastWords: Promise<"late"> | null = null;
  try {
    for (let left = maxBytes; ; ) {
      if (text.hasStopped && !isFinal) lastWords ??= late(LAST_WORDS_MS);
      const next = await nextPart(parts.next(), lastWords, isFound);
      if (next === "late") return { text: text.end(), isWhole: false };
      if (next === "quiet") return { text: text.end(), isWhole: false, isQuiet: true };
      if (next.done) return { text: text.end(), isWhole: true };
      const hasRoom = next.value.length <= left;
      text.add(hasRoom ? next.value : next.value.subarray(0, left));
      left -= next.value.length;
      if (!hasRoom || (text.hasStopped && isFinal)) return { text: text.end(), isWhole: false };
    }
  } finally {
    void answer.body.cancel().catch(() => {}); // it may be locked by who reads it; then the next line ends that
    parts.return?.().catch(() => {});
  }
}

/** Returns the whole body; null: it is longer than `maxBytes`. */
export async function readBytes({ body, codings }: HttpAnswer, maxBytes: number): Promise<Uint8Array | null> {
  const bytes = new ByteQueue();
  for await (const part of body === null ? [] : decompressed(partsOf(body), codings)) {
    if (bytes.length + part.length > maxBytes) return null;
    bytes.push(part);
  }
  return bytes.take();
}

function readerFor(answer: HttpAnswer, stop: Stop | null) {
  const { isIn, isFinal = true } = stop ?? {};
  const text = new TextReader(typeOf(answer), isIn === undefined ? (stop?.text ?? null) : null);
  return { text, isFinal, isFound: isIn === undefined ? null : () => isIn(text.soFar()) };
}

/** `isFound`: whether enough has come when nothing more does for a moment; null: that is no end. */
async function nextPart<T>(coming: Promise<T>, lastWords: Promise<"late"> | null, isFound: (() => boolean) | null) {
  coming.catch(() => {}); // who reads on hears of it
  if (isFound !== null && (await quietAfter(QUIET_MS, coming)) && isFound()) return "quiet";
  return lastWords === null ? await coming : await Promise.race([coming, lastWords]);
}

/** Cancels the body when nobody wants more of it. */
async function* partsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const reader = body.getReader();
  let isEmpty = true;
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done || value === undefined) return;
      isEmpty = false;
      yield value;
    }
  } catch (error) {
    if (!BY_PLATFORM.test(String(error))) throw error;
    if (isEmpty && /ended prematurely/.test(String(error))) return; // no bytes are an empty body
    throw new ProbeFailure("http: the body is not compressed as its header says", { answered: true });
  } finally {
    await reader.cancel().catch(() => {});
  }
}

async function late(ms: number): Promise<"late"> {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return "late";
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
    // Whatever the encoding is, plain words are written alike in all but UTF-16.
    const isPlain = this.#stopAt !== null && /^[\x20-\x7e]+$/.test(this.#stopAt);
    if (isPlain && new TextDecoder("latin1").decode(this.#held).includes(this.#stopAt ?? "")) this.hasStopped = true;
    const mayDeclare = /html|xml/i.test(this.#type) && declaredBy(this.#type) === null;
    if (this.#held.length >= (mayDeclare ? PRESCAN_BYTES : BOM_BYTES)) this.#begin();
  }

  end(): string {
    if (this.#decoder === null) this.#begin();
    this.#take(this.#decoder?.decode() ?? "");
    return this.#parts.join("");
  }

  soFar(): string {
    if (this.#decoder === null) this.#begin();
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
  const [, inMeta] = /<meta\b[^>]*\bcharset\s*=[\s"']*([\w.:-]+)/i.exec(start.replace(/<!--.*?-->/gs, "")) ?? [];
  const label = inXml ?? inMeta ?? "utf-8";
  return /^utf-?16/i.test(label) ? "utf-8" : label; // text that was readable until here is not UTF-16
}

function declaredBy(type: string): string | null {
  return /;\s*charset\s*=[\s"']*([\w.:-]+)/i.exec(type)?.[1] ?? null; // however many blanks, each is looked at once
}

function decoderOf(label: string): TextDecoder {
  try {
    return new TextDecoder(label);
  } catch {
    return new TextDecoder();
  }
}
