/** A raw TCP or TLS connection of one probe. It is closed when the probe ends. */
import { authority } from "../core/target.ts";
import {
  type CertificateCheck,
  ProbeFailure,
  type ProbeJob,
  type ProbeSocket,
  type ProbeSocketOptions,
} from "./probe.ts";

const EMPTY = new Uint8Array(0);

/** Settles when the socket is connected, refused or closed. Closing an attempt that hangs does not end it at once. */
function settled({ opened, closed }: ProbeSocket): Promise<unknown> {
  return Promise.race([opened, closed]);
}

export class Connection {
  readonly #job: ProbeJob;
  #socket: ProbeSocket;
  #reader: ReadableStreamDefaultReader<Uint8Array>;
  #buffer: Uint8Array = EMPTY;
  /** True after the peer has sent at least one byte. */
  answered = false;

  private constructor(socket: ProbeSocket, job: ProbeJob) {
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
    job: ProbeJob,
    tls: "on" | "off" | "starttls",
    certificate: CertificateCheck = "full",
  ): Promise<Connection> {
    job.signal.throwIfAborted(); // nobody would close what opens after the probe has ended
    job.stage = "connecting";
    const secureTransport = tls === "off" ? "off" : "starttls";
    const options: ProbeSocketOptions = { secureTransport, allowHalfOpen: false, certificate };
    const socket = job.context.connect(authority(job.target), options);
    socket.closed.catch(() => {}); // reads and writes report the error
    job.seat.until(settled(socket));
    const connection = new Connection(socket, job);
    await socket.opened;
    if (tls === "on") await connection.startTls();
    return connection;
  }

  async write(bytes: Uint8Array | string): Promise<void> {
    const writer = this.#socket.writable.getWriter();
    try {
      await writer.write(typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes);
    } finally {
      writer.releaseLock();
    }
  }

  /** Returns exactly `length` bytes. Throws when the peer closes the connection earlier. */
  async read(length: number): Promise<Uint8Array> {
    while (this.#buffer.length < length) await this.#more();
    return this.#take(length);
  }

  /** Returns a line without its CR LF. Throws a ProbeFailure when the line is longer than `limit` bytes. */
  async line(limit: number): Promise<string> {
    for (;;) {
      const end = this.#buffer.indexOf(10);
      if (end >= 0) return new TextDecoder().decode(this.#take(end + 1)).trimEnd();
      if (this.#buffer.length > limit) throw this.failure("the answer is no line of the protocol");
      await this.#more();
    }
  }

  /** Returns the next bytes, of any number; null when the peer has closed the connection. */
  async chunk(): Promise<Uint8Array | null> {
    if (this.#buffer.length > 0) return this.#take(this.#buffer.length);
    const { value, done } = await this.#reader.read();
    if (done || value === undefined) return null;
    this.answered = true;
    return value;
  }

  /** Starts TLS on the open connection. */
  async startTls(): Promise<void> {
    this.#job.secure = true;
    this.#job.stage = "the TLS handshake did not end";
    this.#reader.releaseLock();
    this.#socket = this.#socket.startTls();
    this.#socket.closed.catch(() => {});
    this.#job.seat.until(settled(this.#socket));
    this.#reader = this.#socket.readable.getReader();
    this.#buffer = EMPTY;
    await this.#socket.opened;
  }

  /** Does not wait for the close, because a peer that does not respond would also block the probe. */
  close(): void {
    this.#reader.cancel().catch(() => {});
    this.#socket.close().catch(() => {});
  }

  failure(message: string): ProbeFailure {
    return new ProbeFailure(message, { answered: this.answered });
  }

  async #more(): Promise<void> {
    const { value, done } = await this.#reader.read();
    if (done || value === undefined) throw this.failure("connect: the connection was closed");
    this.answered = true;
    const joined = new Uint8Array(this.#buffer.length + value.length);
    joined.set(this.#buffer);
    joined.set(value, this.#buffer.length);
    this.#buffer = joined;
  }

  #take(length: number): Uint8Array {
    const taken = this.#buffer.slice(0, length);
    this.#buffer = this.#buffer.slice(length);
    return taken;
  }
}
