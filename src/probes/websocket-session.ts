/** An open WebSocket of one probe, over a connection of its own or by the platform's `fetch`. */
import { ByteQueue } from "./byte-queue.ts";
import type { Connection } from "./connection.ts";
import { type FailureOptions, ProbeFailure } from "./probe-failure.ts";
import {
  CLOSE,
  closePayload,
  decodeFrame,
  encodeFrame,
  Messages,
  NO_CODE,
  OPCODE,
  type Received,
  type Wrong,
} from "./websocket-frames.ts";

/** Of the message that is looked at. */
const MAX_MESSAGE_BYTES = 65_536;
/** Of all frames, so that a message in the smallest fragments has an end, too. */
const MAX_RECEIVED_BYTES = 2 * MAX_MESSAGE_BYTES;
const FLOOD: Wrong = {
  kind: "wrong",
  code: CLOSE.tooLarge,
  words: `more than ${MAX_RECEIVED_BYTES / 1_024} KiB came, and no whole message`,
};
/** A server that leaves, such as one that restarts, is not broken (RFC 6455, 7.4.1). */
const NORMAL_ENDS: readonly number[] = [CLOSE.normal, CLOSE.goingAway, NO_CODE];
/** The close of a connection that ended without a close frame (RFC 6455, 7.1.5). */
const ABNORMAL = 1006;

export interface WebSocketSession {
  send(text: string): Promise<void>;
  /** Returns the next text message. Throws a ProbeFailure when the next message is none, or none comes. */
  receive(): Promise<string>;
  /**
   * Closes normally, and waits for the server's close. Returns what is wrong with the end; null: nothing, or the server
   * says so much that its close is not waited for. Never throws.
   */
  close(): Promise<ProbeFailure | null>;
}

/** The platform's WebSocket does not tell what is wrong. Over a socket more could be found out. */
export class UnclearEnd extends ProbeFailure {}

export class SocketSession implements WebSocketSession {
  readonly #connection: Connection;
  readonly #messages = new Messages(MAX_MESSAGE_BYTES);
  readonly #bytes = new ByteQueue();
  #received = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async send(text: string): Promise<void> {
    await this.#write(OPCODE.text, new TextEncoder().encode(text));
  }

  async receive(): Promise<string> {
    for (;;) {
      const received = await this.#next();
      if (received.kind === "text") return received.text;
      if (received.kind === "ping") {
        await this.#write(OPCODE.pong, received.payload);
        continue;
      }
      if (received.kind === "close") throw closed(received.code, received.reason);
      const isBinary = received.kind === "binary";
      const code = isBinary ? CLOSE.unsupported : received.code;
      this.#write(OPCODE.close, closePayload(code)).catch(() => {}); // a courtesy, which nobody waits for
      throw isBinary ? binary(received.size) : failure(received.words);
    }
  }

  async close(): Promise<ProbeFailure | null> {
    try {
      await this.#write(OPCODE.close, closePayload(CLOSE.normal));
      for (;;) {
        const received = await this.#next();
        if (received.kind === "close") return endFailure(received.code, received.reason);
        if (received.kind === "wrong") return received.code === CLOSE.tooLarge ? null : failure(received.words);
        if (this.#isFlood()) return null;
      }
    } catch {
      return endFailure(ABNORMAL, ""); // the connection was lost
    }
  }

  async #next(): Promise<Received> {
    for (;;) {
      const decoded = decodeFrame(this.#bytes.peek(), MAX_MESSAGE_BYTES);
      if (decoded.kind === "wrong") return decoded;
      if (decoded.kind === "more") {
        await this.#more();
        continue;
      }
      this.#bytes.drop(decoded.size);
      this.#received += decoded.size;
      const received = this.#messages.take(decoded.frame);
      if (received === null && this.#isFlood()) return FLOOD;
      if (received !== null) return received;
    }
  }

  #isFlood(): boolean {
    return this.#received > MAX_RECEIVED_BYTES;
  }

  async #more(): Promise<void> {
    const chunk = await this.#connection.chunk();
    if (chunk === null) throw closed(ABNORMAL, "");
    this.#bytes.push(chunk);
  }

  async #write(opcode: number, payload: Uint8Array): Promise<void> {
    const mask = crypto.getRandomValues(new Uint8Array(4));
    await this.#connection.write(encodeFrame({ fin: true, opcode, payload }, mask));
  }
}

/** A message, or the end of all. */
type Heard = { message: unknown } | { end: ProbeFailure };

export class FetchSession implements WebSocketSession {
  readonly #socket: WebSocket;
  readonly #heard: Heard[] = [];
  readonly #closed = Promise.withResolvers<ProbeFailure | null>();
  #wake = Promise.withResolvers<void>();

  /** The socket is closed when the signal is aborted. */
  constructor(socket: WebSocket, signal: AbortSignal) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => this.#hear({ message: data }));
    socket.addEventListener("close", ({ code, reason }) => this.#end(code, reason));
    socket.addEventListener("error", () => this.#end(ABNORMAL, ""));
    socket.accept();
    signal.addEventListener("abort", () => this.#close());
  }

  async send(text: string): Promise<void> {
    this.#socket.send(text);
  }

  async receive(): Promise<string> {
    for (;;) {
      const [heard] = this.#heard;
      if (heard === undefined) {
        await this.#wake.promise;
        continue;
      }
      if ("end" in heard) throw heard.end;
      this.#heard.shift();
      return textOf(heard.message);
    }
  }

  async close(): Promise<ProbeFailure | null> {
    this.#close();
    return await this.#closed.promise;
  }

  #close(): void {
    try {
      this.#socket.close(CLOSE.normal);
    } catch {
      this.#closed.resolve(null); // it is closed already
    }
  }

  /** Keeps one message at most, because no check looks at more. */
  #hear(heard: Heard): void {
    if (this.#heard.length > 0 && "message" in heard) return;
    this.#heard.push(heard);
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }

  #end(code: number, reason: string): void {
    this.#closed.resolve(endFailure(code, reason, UnclearEnd));
    this.#hear({ end: closed(code, reason, UnclearEnd) });
  }
}

function textOf(message: unknown): string {
  if (message instanceof ArrayBuffer) throw binary(message.byteLength);
  if (typeof message !== "string") throw binary(message instanceof Blob ? message.size : 0);
  if (new TextEncoder().encode(message).length > MAX_MESSAGE_BYTES) {
    throw failure(`the message is larger than ${MAX_MESSAGE_BYTES / 1_024} KiB`);
  }
  return message;
}

function binary(bytes: number): ProbeFailure {
  return failure(`the message is binary (${bytes} bytes), and a text is expected`);
}

/** The server ended what was to go on. */
function closed(code: number, reason: string, Unclear: typeof ProbeFailure = ProbeFailure): ProbeFailure {
  if (code === ABNORMAL) return lost("before the answer, without a close", Unclear);
  const words = code === NO_CODE ? "without a code" : `with the code ${code}`;
  return failure(`the server closed before the answer, ${words}${because(reason)}`);
}

/** Of an end that was asked for; null: nothing is wrong with it. */
function endFailure(code: number, reason: string, Unclear: typeof ProbeFailure = ProbeFailure): ProbeFailure | null {
  if (NORMAL_ENDS.includes(code)) return null;
  if (code === ABNORMAL) return lost("without a close", Unclear);
  return failure(`the server closed with the error code ${code}${because(reason)}`);
}

function because(reason: string): string {
  return reason === "" ? "" : `: ${JSON.stringify(reason)}`;
}

function lost(how: string, Unclear: typeof ProbeFailure): ProbeFailure {
  return new Unclear(`websocket: the connection ended ${how}`, { answered: true });
}

function failure(words: string, options: FailureOptions = {}): ProbeFailure {
  return new ProbeFailure(`websocket: ${words}`, { answered: true, ...options });
}
