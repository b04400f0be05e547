/** The WebSocket to the hub. When the connection is lost, it reconnects and asks for the frames that it missed. */

/** Milliseconds. */
export interface FeedTiming {
  /** Before the first try to reconnect; it doubles with each failure. */
  firstRetry: number;
  maxRetry: number;
  pingEvery: number;
  /** The connection counts as lost when no message arrives for this time. The hub responds to each ping, too. */
  silentAfter: number;
}

const TIMING: FeedTiming = { firstRetry: 500, maxRetry: 15_000, pingEvery: 20_000, silentAfter: 45_000 };
/** Each wait is shortened by a random part up to this ratio, so that many clients do not reconnect at the same time. */
const JITTER = 0.3;

/** `since`: when the last message arrived, or when the first try failed. Times are in Unix ms. */
export type FeedState =
  | { phase: "connecting" }
  | { phase: "live" }
  | { phase: "lost"; since: number; retry_at: number };

interface FeedDeps<F extends { seq: number }> {
  /** `since`: `seq` of the newest frame that was heard; null: none was. */
  open(since: number | null): WebSocket;
  /** Returns null for what is no frame. */
  parse(text: string): F | null;
  /** Unix ms. */
  now(): number;
  /** Returns a number from 0 to 1. */
  random(): number;
  onFrame(frame: F): void;
  onState(state: FeedState): void;
  /** Replaces defaults. */
  timing?: Partial<FeedTiming>;
}

export interface Feed {
  /** Reconnects at once when the feed waits for the next try. */
  retry(): void;
  stop(): void;
}

/** Returns the wait in ms after `failures` failed connections. `random`: from 0 to 1. */
export function retryDelay(failures: number, random: number, { firstRetry, maxRetry }: FeedTiming = TIMING): number {
  const full = Math.min(maxRetry, firstRetry * 2 ** Math.min(failures - 1, 10));
  return Math.round(full * (1 - JITTER * random));
}

export function startFeed<F extends { seq: number }>(deps: FeedDeps<F>): Feed {
  const feed = new ReconnectingFeed(deps);
  feed.connect();
  return feed;
}

/** Waits longer after each failed try. Ignores events of earlier sockets. */
class ReconnectingFeed<F extends { seq: number }> implements Feed {
  readonly #deps: FeedDeps<F>;
  readonly #timing: FeedTiming;
  #socket: WebSocket | null = null;
  /** The `seq` of the newest frame; null before the first frame. */
  #seq: number | null = null;
  #failures = 0;
  #lostAt: number | null = null;
  #lastMessageAt = 0;
  /** Whether a frame has come over this connection. */
  #isGreeted = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pinger: ReturnType<typeof setInterval> | undefined;
  #stopped = false;

  constructor(deps: FeedDeps<F>) {
    this.#deps = deps;
    this.#timing = { ...TIMING, ...deps.timing };
  }

  connect(): void {
    clearTimeout(this.#timer);
    if (this.#lostAt === null) this.#deps.onState({ phase: "connecting" });
    const socket = this.#deps.open(this.#seq);
    this.#socket = socket;
    socket.addEventListener("open", () => this.#onOpen(socket));
    socket.addEventListener("message", ({ data }) => this.#receive(socket, data));
    socket.addEventListener("close", () => this.#onClose(socket));
    this.#timer = setTimeout(() => this.#onClose(socket), this.#timing.silentAfter); // it did not open
  }

  retry(): void {
    if (this.#socket === null && !this.#stopped) this.connect();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    clearInterval(this.#pinger);
    this.#socket?.close();
    this.#socket = null;
  }

  #onOpen(socket: WebSocket): void {
    if (socket !== this.#socket) return;
    clearTimeout(this.#timer);
    this.#failures = 0;
    this.#lostAt = null;
    this.#isGreeted = false;
    this.#lastMessageAt = this.#deps.now();
    this.#deps.onState({ phase: "live" });
    clearInterval(this.#pinger);
    this.#pinger = setInterval(() => this.#ping(socket), this.#timing.pingEvery);
  }

  #ping(socket: WebSocket): void {
    if (this.#deps.now() - this.#lastMessageAt > this.#timing.silentAfter) this.#onClose(socket);
    else socket.send("ping");
  }

  #receive(socket: WebSocket, data: unknown): void {
    if (socket !== this.#socket) return;
    this.#lastMessageAt = this.#deps.now();
    const frame = typeof data === "string" && data !== "pong" ? this.#deps.parse(data) : null;
    if (frame === null) return;
    // The first frame may be large. The hub must know at once that it has arrived.
    if (!this.#isGreeted) socket.send("ping");
    this.#isGreeted = true;
    this.#seq = frame.seq;
    this.#deps.onFrame(frame);
  }

  #onClose(socket: WebSocket): void {
    if (socket !== this.#socket || this.#stopped) return;
    clearInterval(this.#pinger);
    clearTimeout(this.#timer);
    this.#socket = null;
    socket.close();
    const now = this.#deps.now();
    this.#lostAt ??= now;
    this.#failures += 1;
    const delay = retryDelay(this.#failures, this.#deps.random(), this.#timing);
    this.#deps.onState({ phase: "lost", since: this.#lastMessageAt || this.#lostAt, retry_at: now + delay });
    this.#timer = setTimeout(() => this.connect(), delay);
  }
}
