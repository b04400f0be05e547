/** A raw TCP or TLS connection of one probe. It is closed when the probe ends. */
import { authority } from "../core/service/target.ts";
import { ByteQueue } from "./byte-queue.ts";
import { latin1 } from "./bytes.ts";
import { CAUSES } from "./failure-words.ts";
import type { CertificateCheck, ProbeJob, ProbeSocket, ProbeSocketOptions, TlsPeer } from "./probe.ts";
import { type FailureOptions, ProbeFailure } from "./probe-failure.ts";

/** The part of a probe's job that a connection needs. */
export type ConnectionJob = Pick<ProbeJob, "target" | "context" | "seat" | "signal" | "progress">;

/** Settles when the socket is connected, refused or closed. Closing an attempt that hangs does not end it at once. */
function settled({ opened, closed }: ProbeSocket): Promise<unknown> {
  return Promise.race([opened, closed]);
}

export class Connection {
  readonly #job: ConnectionJob;
  #socket: ProbeSocket;
  #reader: ReadableStreamDefaultReader<Uint8Array>;
  #buffer = new ByteQueue();
  /** A read that has begun, maybe before its bytes are needed; null: none. Streams of Workers have one at a time. */
  #ahead: Promise<ReadableStreamReadResult<Uint8Array>> | null = null;
  /** True after the peer has sent at least one byte. */
  answered = false;

  private constructor(socket: ProbeSocket, job: ConnectionJob) {
    this.#job = job;
    this.#socket = socket;
    this.#reader = socket.readable.getReader();
    job.signal.addEventListener("abort", () => this.close());
  }

  /**
   * `on`: TLS from the first byte. `starttls`: TLS may start later. Both open TCP first, so that a refused connection
   * and a failed handshake have different error texts.
   */
  static async open(
    job: ConnectionJob,
    tls: "on" | "off" | "starttls",
    certificate: CertificateCheck = "full",
    serverName?: string,
  ): Promise<Connection> {
    job.signal.throwIfAborted(); // nobody would close what opens after the probe has ended
    Object.assign(job.progress, { stage: "connecting", handshaking: false, answered: false });
    const secureTransport = tls === "off" ? "off" : "starttls";
    const options: ProbeSocketOptions = {
      secureTransport,
      allowHalfOpen: false,
      certificate,
      ...(serverName === undefined ? {} : { serverName }),
    };
    const socket = job.context.connect(authority(job.target), options);
    socket.closed.catch(() => {}); // reads and writes report the error
    job.seat.until(settled(socket));
    const connection = new Connection(socket, job);
    await socket.opened;
    if (tls === "on") await connection.startTls();
    return connection;
  }

  /**
   * The next read begins before the write: a peer that has closed the connection answers a write with a reset, after
   * which the runtime no longer tells what the peer had sent before.
   */
  async write(bytes: Uint8Array | string): Promise<void> {
    this.#ahead ??= this.#reader.read();
    const ahead = this.#ahead.catch(() => null);
    const writer = this.#socket.writable.getWriter();
    try {
      await writer.write(typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes);
    } catch (error) {
      if ((await ahead) === null) throw error;
    } finally {
      writer.releaseLock();
    }
  }

  /** Returns exactly `length` bytes. Throws when the peer closes the connection earlier. */
  async read(length: number): Promise<Uint8Array> {
    while (this.#buffer.length < length) await this.#more();
    return this.#buffer.take(length);
  }

  /** Returns `length` bytes, or fewer when the peer closes the connection earlier. */
  async upTo(length: number): Promise<Uint8Array> {
    while (this.#buffer.length < length) {
      const value = await this.#next();
      if (value === null) break;
      this.#buffer.push(value);
    }
    return this.#buffer.take(length);
  }

  /** Returns a line without its CR LF. Throws a ProbeFailure when the line is longer than `limit` bytes. */
  async line(limit: number, encoding: "utf-8" | "latin1" = "utf-8"): Promise<string> {
    const textOf = encoding === "latin1" ? latin1 : (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    for (let searched = 0; ; ) {
      const end = this.#buffer.indexOf(10, searched);
      if (end >= 0) return textOf(this.#buffer.take(end + 1)).replace(/\r?\n$/, "");
      searched = this.#buffer.length;
      if (searched > limit) throw this.failure("the answer is no line of the protocol");
      await this.#more();
    }
  }

  /** Whether so many lines, and something after them, have come and were not read yet. */
  hasLines(count: number): boolean {
    let end = -1;
    for (let found = 0; found < count; found++) {
      end = this.#buffer.indexOf(10, end + 1);
      if (end < 0) return false;
    }
    return end + 1 < this.#buffer.length;
  }

  /** Returns the next bytes, of any number; null when the peer has closed the connection. */
  async chunk(): Promise<Uint8Array | null> {
    if (this.#buffer.length > 0) return this.#buffer.take();
    return await this.#next();
  }

  /** Returns at least one byte, at most `length`. Throws when the peer has closed the connection. */
  async atMost(length: number): Promise<Uint8Array> {
    if (this.#buffer.length === 0) await this.#more();
    return this.#buffer.take(length);
  }

  /** Reads over `length` bytes. */
  async skip(length: number): Promise<void> {
    for (let left = length; left > 0; ) left -= (await this.atMost(left)).length;
  }

  /** Starts TLS on the open connection. */
  async startTls(): Promise<void> {
    Object.assign(this.#job.progress, { stage: "the TLS handshake did not end", handshaking: true, answered: false });
    this.answered = false;
    this.#reader.releaseLock();
    this.#socket = this.#socket.startTls();
    this.#socket.closed.catch(() => {});
    this.#job.seat.until(settled(this.#socket));
    this.#reader = this.#socket.readable.getReader();
    this.#buffer = new ByteQueue();
    await this.#socket.opened;
    this.#job.progress.handshaking = false;
  }

  /** The other side of TLS; null: the platform does not tell. */
  peer(): TlsPeer | null {
    return this.#socket.peer?.() ?? null;
  }

  /** Does not wait for the close, because a peer that does not respond would also block the probe. */
  close(): void {
    this.#reader.cancel().catch(() => {});
    this.#socket.close().catch(() => {});
  }

  failure(message: string, options: FailureOptions = {}): ProbeFailure {
    return new ProbeFailure(message, { answered: this.answered, ...options });
  }

  /** The peer has closed the connection, where more was to come. */
  closed(): ProbeFailure {
    return this.answered ? this.failure(CAUSES.cut) : this.failure(CAUSES.closed, { unclear: "protocol" });
  }

  async #more(): Promise<void> {
    const value = await this.#next();
    if (value === null) throw this.closed();
    this.#buffer.push(value);
  }

  async #next(): Promise<Uint8Array | null> {
    this.#ahead ??= this.#reader.read();
    const { value, done } = await this.#ahead;
    this.#ahead = null;
    if (done || value === undefined) return null;
    this.answered = true;
    this.#job.progress.answered = true;
    return value;
  }
}
