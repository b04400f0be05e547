/** Hears what changes at a hub, over a WebSocket that reconnects and asks for the frames that it missed. */
import { type FederationFrame, type Frame, federationFrameSchema, frameSchema } from "../core/live-protocol.ts";
import { isHubUrl } from "./hub-client.ts";

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 30_000;
/** Each wait is shortened by a random part up to this ratio, so that many clients do not reconnect at the same time. */
const JITTER = 0.3;
const PING_EVERY_MS = 60_000;
/** A connection is lost when it does not open, or when nothing arrives after a ping, within this time. */
const ANSWER_WITHIN_MS = 15_000;

/** The type of the frames of each path. */
export interface FramesByPath {
  "/ws/health": Frame;
  "/ws/federation": FederationFrame;
}
export type WatchPath = keyof FramesByPath;

/** `lost`: the next try comes after `retry_ms`, in ms; `failures` counts the tries without success. */
export type WatchState = { phase: "live" } | { phase: "lost"; failures: number; retry_ms: number };

export interface WatchOptions<P extends WatchPath> {
  /** The http or https URL of the hub. */
  url: string;
  /** An API key. It is sent as a sub-protocol of the WebSocket, never in the URL. */
  key?: string | undefined;
  /** Default `/ws/health`. */
  path?: P;
  /** Id of a project; only for `/ws/health`. */
  project?: number | undefined;
  /** Id of a service; only for `/ws/health`. */
  service?: number | undefined;
  onFrame(frame: FramesByPath[P]): void;
  /** Called at each change of the state. */
  onState?(state: WatchState): void;
  /** Ends the watch. */
  signal: AbortSignal;
  /** Times in ms that replace the defaults: 60 000, 15 000 and 500. */
  timing?: { pingEvery?: number; answerWithin?: number; firstRetry?: number };
}

/**
 * Resolves when `signal` is aborted. Until then it reconnects, with longer waits after each failure. After a long
 * break, the hub sends a new `snapshot` in place of the missed frames. Frames of types that this client does not know
 * are left out. Throws a TypeError for a wrong URL, for a key that a WebSocket cannot carry, and where there is no global
 * WebSocket.
 */
export async function watchHub<P extends WatchPath = "/ws/health">(options: WatchOptions<P>): Promise<void> {
  if (!isHubUrl(options.url)) throw new TypeError("url: expected the http(s) URL of a hub");
  if (options.key !== undefined && !isSubprotocolToken(options.key)) {
    throw new TypeError("key: it has characters that a WebSocket cannot carry; use a key that the hub made");
  }
  if (typeof WebSocket === "undefined") {
    throw new TypeError("there is no global WebSocket; it needs Node 22, or Node 20 with --experimental-websocket");
  }
  if (options.signal.aborted) return;
  const watch = new ReconnectingWatch(options);
  watch.connect();
  await new Promise<void>((resolve) => options.signal.addEventListener("abort", () => resolve(), { once: true }));
  watch.stop();
}

/** Returns the wait in ms after `failures` failed tries. `random`: from 0 to 1. */
export function retryDelay(failures: number, random: number, first = FIRST_RETRY_MS): number {
  const full = Math.min(MAX_RETRY_MS, first * 2 ** Math.min(failures - 1, 10));
  return Math.round(full * (1 - JITTER * random));
}

function isSubprotocolToken(key: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(key);
}

/** Ignores the events of earlier sockets. */
class ReconnectingWatch<P extends WatchPath> {
  readonly #options: WatchOptions<P>;
  #socket: WebSocket | null = null;
  /** The `seq` of the newest frame; null before the first frame. */
  #seq: number | null = null;
  #failures = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #pinger: ReturnType<typeof setInterval> | undefined;
  #deadline: ReturnType<typeof setTimeout> | undefined;

  constructor(options: WatchOptions<P>) {
    this.#options = options;
  }

  connect(): void {
    const { key } = this.#options;
    const socket = new WebSocket(this.#address(), key === undefined ? ["hub.v1"] : ["hub.v1", `bearer.${key}`]);
    this.#socket = socket;
    socket.addEventListener("open", () => this.#onOpen(socket));
    socket.addEventListener("message", ({ data }) => this.#receive(socket, data));
    socket.addEventListener("error", () => this.#lose(socket));
    socket.addEventListener("close", () => this.#lose(socket));
    this.#expectAnswer(socket);
  }

  stop(): void {
    const socket = this.#socket;
    this.#socket = null;
    this.#clearTimers();
    socket?.close();
  }

  #address(): string {
    const { url, path = "/ws/health", project, service } = this.#options;
    const address = new URL(`${url.replace(/\/+$/, "").replace(/^http/i, "ws")}${path}`);
    for (const [name, value] of Object.entries({ project, service, since: this.#seq })) {
      if (value !== undefined && value !== null) address.searchParams.set(name, String(value));
    }
    return address.href;
  }

  #onOpen(socket: WebSocket): void {
    if (socket !== this.#socket) return;
    this.#noteAnswer();
    this.#failures = 0;
    this.#pinger = setInterval(() => {
      socket.send("ping");
      this.#expectAnswer(socket);
    }, this.#options.timing?.pingEvery ?? PING_EVERY_MS);
    this.#options.onState?.({ phase: "live" });
  }

  /** A later ping does not extend the time for an earlier one. */
  #expectAnswer(socket: WebSocket): void {
    this.#deadline ??= setTimeout(() => this.#lose(socket), this.#options.timing?.answerWithin ?? ANSWER_WITHIN_MS);
  }

  #noteAnswer(): void {
    clearTimeout(this.#deadline);
    this.#deadline = undefined;
  }

  #receive(socket: WebSocket, data: unknown): void {
    if (socket !== this.#socket) return;
    this.#noteAnswer();
    const frame = typeof data === "string" ? parseFrame(this.#options.path ?? "/ws/health", data) : null;
    if (frame === null) return;
    this.#seq = frame.seq;
    // The path chose the schema, so the frame is of this path.
    this.#options.onFrame(frame as FramesByPath[P]);
  }

  #lose(socket: WebSocket): void {
    if (socket !== this.#socket) return;
    this.#clearTimers();
    this.#socket = null;
    socket.close();
    this.#failures += 1;
    const retry_ms = retryDelay(this.#failures, Math.random(), this.#options.timing?.firstRetry);
    this.#options.onState?.({ phase: "lost", failures: this.#failures, retry_ms });
    if (!this.#options.signal.aborted) this.#retry = setTimeout(() => this.connect(), retry_ms);
  }

  #clearTimers(): void {
    clearTimeout(this.#retry);
    this.#noteAnswer();
    clearInterval(this.#pinger);
  }
}

/** Returns null for `pong` and for frames of unknown types. */
function parseFrame(path: WatchPath, text: string): Frame | FederationFrame | null {
  if (text === "pong") return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const schema = path === "/ws/federation" ? federationFrameSchema : frameSchema;
  return schema.safeParse(value).data ?? null;
}
