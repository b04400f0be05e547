/** The WebSocket to the hub: opened again when it is lost, from where it was. */
import type { Frame } from "../../core/live-protocol.ts";
import { parseFrame } from "./frames.ts";

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 15_000;
/** Each wait is made shorter by up to this part, so that many pages don't come back at once. */
const JITTER = 0.3;
const PING_EVERY_MS = 20_000;
/** Without a word for longer, a ping included, the connection is dead although nobody said so. */
const SILENT_AFTER_MS = 45_000;

export type FeedState =
  | { phase: "connecting" }
  | { phase: "live"; since: number }
  | { phase: "lost"; since: number; retry_at: number };

export interface FeedDeps {
  open(path: string): WebSocket;
  /** Unix ms. */
  now(): number;
  /** 0 to 1. */
  random(): number;
  frame(frame: Frame): void;
  state(state: FeedState): void;
}

export interface Feed {
  /** Tries at once when it is waiting. */
  retry(): void;
  stop(): void;
}

/** The wait before the `failures`-th try, ms. */
export function retryDelay(failures: number, random: number): number {
  const full = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 10));
  return Math.round(full * (1 - JITTER * random));
}

export function startFeed(deps: FeedDeps): Feed {
  const feed = new ReconnectingFeed(deps);
  feed.connect();
  return feed;
}

class ReconnectingFeed implements Feed {
  readonly #deps: FeedDeps;
  #socket: WebSocket | null = null;
  /** The newest frame heard; null: none yet. */
  #seq: number | null = null;
  #failures = 0;
  #lostAt: number | null = null;
  #heardAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pinger: ReturnType<typeof setInterval> | undefined;
  #stopped = false;

  constructor(deps: FeedDeps) {
    this.#deps = deps;
  }

  connect(): void {
    clearTimeout(this.#timer);
    if (this.#lostAt === null) this.#deps.state({ phase: "connecting" });
    const socket = this.#deps.open(this.#seq === null ? "/ws/health" : `/ws/health?since=${this.#seq}`);
    this.#socket = socket;
    socket.addEventListener("open", () => this.#opened(socket));
    socket.addEventListener("message", ({ data }) => this.#heard(socket, data));
    socket.addEventListener("close", () => this.#closed(socket));
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

  #opened(socket: WebSocket): void {
    if (socket !== this.#socket) return;
    this.#failures = 0;
    this.#lostAt = null;
    this.#heardAt = this.#deps.now();
    this.#deps.state({ phase: "live", since: this.#heardAt });
    clearInterval(this.#pinger);
    this.#pinger = setInterval(() => this.#ping(socket), PING_EVERY_MS);
  }

  #ping(socket: WebSocket): void {
    if (this.#deps.now() - this.#heardAt > SILENT_AFTER_MS) this.#closed(socket);
    else socket.send("ping");
  }

  #heard(socket: WebSocket, data: unknown): void {
    if (socket !== this.#socket) return;
    this.#heardAt = this.#deps.now();
    const frame = typeof data === "string" && data !== "pong" ? parseFrame(data) : null;
    if (frame === null) return;
    this.#seq = frame.seq;
    this.#deps.frame(frame);
  }

  #closed(socket: WebSocket): void {
    if (socket !== this.#socket || this.#stopped) return;
    clearInterval(this.#pinger);
    this.#socket = null;
    socket.close();
    const now = this.#deps.now();
    this.#lostAt ??= now;
    this.#failures += 1;
    const delay = retryDelay(this.#failures, this.#deps.random());
    this.#deps.state({ phase: "lost", since: this.#heardAt || this.#lostAt, retry_at: now + delay });
    this.#timer = setTimeout(() => this.connect(), delay);
  }
}
