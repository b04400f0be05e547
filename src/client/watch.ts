/** Hears what changes at a hub, over a WebSocket that reconnects and asks for the frames that it missed. */
import type { FederationFrame, Frame } from "../core/board/live-protocol.ts";
import { type FeedState, type FeedTiming, startFeed } from "./feed.ts";
import { parseFederationFrame, parseFrame } from "./frames.ts";
import { isHubUrl } from "./hub-client.ts";

/** The type of the frames of each path. */
export interface FramesByPath {
  "/ws/health": Frame;
  "/ws/federation": FederationFrame;
}
export type WatchPath = keyof FramesByPath;

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
  onState?(state: FeedState): void;
  /** Ends the watch. */
  signal: AbortSignal;
  /** Replaces defaults. */
  timing?: Partial<FeedTiming>;
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
  const { key, signal, onFrame, onState = () => {}, timing = {} } = options;
  const feed = startFeed({
    open: (since) =>
      new WebSocket(addressOf(options, since), key === undefined ? ["hub.v1"] : ["hub.v1", `bearer.${key}`]),
    // The path chose the parser, so the frame is of this path.
    parse: PARSERS[options.path ?? "/ws/health"] as (text: string) => FramesByPath[P] | null,
    now: Date.now,
    random: Math.random,
    onFrame,
    onState,
    timing,
  });
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  feed.stop();
}

const PARSERS = { "/ws/health": parseFrame, "/ws/federation": parseFederationFrame };

function addressOf<P extends WatchPath>(options: WatchOptions<P>, since: number | null): string {
  const { url, path = "/ws/health", project, service } = options;
  const address = new URL(`${url.replace(/\/+$/, "").replace(/^http/i, "ws")}${path}`);
  for (const [name, value] of Object.entries({ project, service, since })) {
    if (value !== undefined && value !== null) address.searchParams.set(name, String(value));
  }
  return address.href;
}

function isSubprotocolToken(key: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(key);
}
