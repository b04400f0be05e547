/** The frames and messages of WebSockets (RFC 6455, 5). Without I/O. */
import { ByteQueue } from "./byte-queue.ts";
import { ByteReader, joined, uint } from "./bytes.ts";

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
/** Codes of a close frame (RFC 6455, 7.4.1). */
export const CLOSE = {
  normal: 1000,
  goingAway: 1001,
  protocol: 1002,
  unsupported: 1003,
  invalid: 1007,
  policy: 1008,
  tooLarge: 1009,
} as const;
/** A close frame without a code (RFC 6455, 7.1.5). */
export const NO_CODE = 1005;

const FIN = 0x80;
const RESERVED = 0x70;
const MASKED = 0x80;
const KNOWN: ReadonlySet<number> = new Set(Object.values(OPCODE));
/** Of control frames, which are never fragmented. */
const MAX_CONTROL_BYTES = 125;

/** No server that means well sends more of them during one check. */
const MAX_IDLE_FRAMES = 100;

export interface Frame {
  /** The last one of its message. */
  fin: boolean;
  opcode: number;
  payload: Uint8Array;
}

/** A breach of the protocol by the server, or a refused message, with the code to close with. */
export interface Wrong {
  kind: "wrong";
  code: number;
  words: string;
}

/** `more`: the bytes are the beginning of a frame. `size`: bytes of the whole frame. */
export type Decoded = { kind: "frame"; frame: Frame; size: number } | { kind: "more" } | Wrong;

/** A frame of a client, which is always masked. `mask`: four unpredictable bytes. */
export function encodeFrame({ fin, opcode, payload }: Frame, mask: Uint8Array): Uint8Array<ArrayBuffer> {
  const { length } = payload;
  const size =
    length <= MAX_CONTROL_BYTES ? [length | MASKED] : [126 + Number(length > 0xffff) + MASKED, ...longer(length)];
  return joined([(fin ? FIN : 0) | opcode, ...size], mask, masked(payload, mask));
}

function longer(length: number): Uint8Array {
  return uint(length, length > 0xffff ? 8 : 2);
}

export function masked(payload: Uint8Array, mask: Uint8Array): Uint8Array {
  return payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0));
}

/** Reads a frame of a server from the front. `maxBytes`: of a payload. */
export function decodeFrame(bytes: Uint8Array, maxBytes: number): Decoded {
  const [first, second] = bytes;
  if (first === undefined || second === undefined) return { kind: "more" };
  const opcode = first & 0x0f;
  const fin = (first & FIN) !== 0;
  const short = second & 0x7f;
  const words = headWords({ fin, opcode, short, isReserved: (first & RESERVED) !== 0, isMasked: second >= MASKED });
  if (words !== null) return wrong(words);
  const sizeBytes = short === 127 ? 8 : short === 126 ? 2 : 0;
  if (bytes.length < 2 + sizeBytes) return { kind: "more" };
  const length = sizeBytes === 0 ? short : new ByteReader(bytes.subarray(2)).uint(sizeBytes);
  if (sizeBytes > 0 && length <= (sizeBytes === 2 ? MAX_CONTROL_BYTES : 0xffff)) {
    return wrong("the length of a frame is not in its shortest form");
  }
  if (length > maxBytes) return tooLarge(maxBytes);
  const size = 2 + sizeBytes + length;
  if (bytes.length < size) return { kind: "more" };
  return { kind: "frame", frame: { fin, opcode, payload: bytes.slice(2 + sizeBytes, size) }, size };
}

interface Head {
  fin: boolean;
  opcode: number;
  short: number;
  isReserved: boolean;
  isMasked: boolean;
}

function headWords({ fin, opcode, short, isReserved, isMasked }: Head): string | null {
  const isControl = opcode >= OPCODE.close;
  if (isReserved) return "a frame has bits of an extension that nobody asked for";
  if (isMasked) return "a frame is masked, which only clients do";
  if (!KNOWN.has(opcode)) return `a frame is of the unknown kind ${opcode}`;
  if (isControl && !fin) return "a control frame is fragmented";
  return isControl && short > MAX_CONTROL_BYTES ? `a control frame has more than ${MAX_CONTROL_BYTES} bytes` : null;
}

function wrong(words: string, code: number = CLOSE.protocol): Wrong {
  return { kind: "wrong", code, words: `the server breaks the protocol: ${words}` };
}

function tooLarge(maxBytes: number): Wrong {
  return { kind: "wrong", code: CLOSE.tooLarge, words: `the message is larger than ${maxBytes / 1_024} KiB` };
}

/** `binary`, `size`: in bytes. `code`: NO_CODE when the close has none. */
export type Received =
  | { kind: "text"; text: string }
  | { kind: "binary"; size: number }
  | { kind: "ping"; payload: Uint8Array }
  | { kind: "close"; code: number; reason: string }
  | Wrong;

const TOO_IDLE: Wrong = {
  kind: "wrong",
  code: CLOSE.policy,
  words: `more than ${MAX_IDLE_FRAMES} pings, pongs and empty fragments came`,
};

/** Puts the messages of a server together. Control frames may come between the fragments of a message. */
export class Messages {
  readonly #maxBytes: number;
  /** The message that has begun; null: none. */
  #begun: { opcode: number; bytes: ByteQueue } | null = null;
  #idle = 0;

  /** `maxBytes`: of a message. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Returns what the frame completes; null: nothing. */
  take(frame: Frame): Received | null {
    if (isIdle(frame) && ++this.#idle > MAX_IDLE_FRAMES) return TOO_IDLE;
    const { fin, opcode, payload } = frame;
    if (opcode === OPCODE.ping) return { kind: "ping", payload };
    if (opcode === OPCODE.pong) return null; // one that nobody asked for is allowed, too (5.5.3)
    if (opcode === OPCODE.close) return closeOf(payload);
    const isMore = opcode === OPCODE.continuation;
    if (isMore && this.#begun === null) return wrong("a message begins with a continuation");
    if (!isMore && this.#begun !== null) return wrong("a message begins inside another one");
    const message = this.#begun ?? { opcode, bytes: new ByteQueue() };
    const { bytes } = message;
    bytes.push(payload);
    if (bytes.length > this.#maxBytes) return tooLarge(this.#maxBytes);
    this.#begun = fin ? null : message;
    if (!fin) return null;
    return message.opcode === OPCODE.binary ? { kind: "binary", size: bytes.length } : textOf(bytes.take());
  }
}

/** A frame that brings no message nearer to its end. Each ping costs an answer. */
function isIdle({ fin, opcode, payload }: Frame): boolean {
  return opcode === OPCODE.ping || opcode === OPCODE.pong || (!fin && payload.length === 0);
}

function textOf(bytes: Uint8Array): Received {
  try {
    return { kind: "text", text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return wrong("a text is not UTF-8", CLOSE.invalid);
  }
}

function closeOf(payload: Uint8Array): Received {
  if (payload.length === 1) return wrong("a close has half a code");
  const code = payload.length === 0 ? NO_CODE : new ByteReader(payload).uint(2);
  return { kind: "close", code, reason: new TextDecoder().decode(payload.subarray(2)) };
}

/** The payload of a close frame. */
export function closePayload(code: number): Uint8Array {
  return uint(code, 2);
}
