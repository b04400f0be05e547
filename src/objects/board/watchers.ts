/** The sockets of /ws/health: which services each socket asked for, and which frames it gets. */

import type { BoardFrame } from "../../core/board/board-frames.ts";
import type { Frame } from "../../core/board/live-protocol.ts";
import { type Reach, reaches } from "../../core/hub/reach.ts";
import type { Clock } from "../../core/time/clock.ts";
import type { Result } from "../../core/values/result.ts";
import { PROJECTS_HEADER } from "../../platform/key-header.ts";
import type { RingEvent } from "../sockets/event-ring.ts";
import { SocketSender } from "../sockets/socket-sender.ts";

/** A filter that is null lets everything through. */
export interface Watch {
  project: number | null;
  service: number | null;
  /** The projects that the watcher's key is limited to. */
  reach: Reach;
}

/** Reads `?project=ID&service=ID&since=SEQ` and the limits of the key. Returns what is wrong when a value is no number. */
export function parseWatch({
  url: asked,
  headers,
}: Pick<Request, "url" | "headers">): Result<{ watch: Watch; since: number | null }, string> {
  const url = new URL(asked);
  const numbers: Record<string, number | null> = {};
  for (const name of ["project", "service", "since"]) {
    const text = url.searchParams.get(name);
    const value = text === null || text === "" ? null : Number(text);
    if (value !== null && (!Number.isSafeInteger(value) || value < 0))
      return { ok: false, error: `${name}: expected a number` };
    numbers[name] = value;
  }
  const { project = null, service = null, since = null } = numbers;
  const limits = headers.get(PROJECTS_HEADER);
  const reach = limits === null ? null : limits.split(",").filter(Boolean).map(Number);
  return { ok: true, value: { watch: { project, service, reach }, since } };
}

export function wants(watch: Watch, part: { service_id: number; project_id: number }): boolean {
  return (
    reaches(watch.reach, part.project_id) &&
    (watch.project === null || watch.project === part.project_id) &&
    (watch.service === null || watch.service === part.service_id)
  );
}

/** The same for the same filter. */
export function keyOf({ project, service, reach }: Watch): string {
  return `${project} ${service} ${reach ?? "all"}`;
}

/** Returns the text of the frame for one filter; null when no part of the frame passes the filter. */
export function frameText({ seq, frame }: RingEvent<BoardFrame>, watch: Watch, at: string): string | null {
  const seen = frameFor(seq, frame, watch, at);
  return seen === null ? null : JSON.stringify(seen);
}

function frameFor(seq: number, frame: BoardFrame, watch: Watch, at: string): Frame | null {
  if (frame.type === "health") {
    const services = frame.parts.filter((part) => wants(watch, part)).map((part) => part.body);
    return services.length === 0 ? null : { type: "health", seq, at, services };
  }
  if (!wants(watch, frame.parts[0])) return null;
  if (frame.type === "project") return { type: "project", seq, at, project: frame.parts[0].body };
  if (frame.type === "flip") return { type: "flip", seq, ...frame.parts[0].body };
  return { type: frame.type, seq, service: frame.parts[0].body };
}

export class Watchers {
  readonly #sender: SocketSender;

  constructor(ctx: DurableObjectState, clock: Clock) {
    this.#sender = new SocketSender(ctx, clock);
  }

  get count(): number {
    return this.#sender.sockets.length;
  }

  accept(socket: WebSocket, watch: Watch, request: Request): void {
    this.#sender.accept(socket, request);
    socket.serializeAttachment(watch);
  }

  closeKey(key: number): void {
    this.#sender.closeKey(key);
  }

  /** Makes the text of each filter once, however many sockets share the filter. */
  broadcast(event: RingEvent<BoardFrame>, at: string): void {
    const texts = new Map<string, string | null>();
    for (const socket of this.#sender.sockets) {
      const watch = attachedWatch(socket);
      const key = keyOf(watch);
      let text = texts.get(key);
      if (text === undefined) {
        text = frameText(event, watch, at);
        texts.set(key, text);
      }
      if (text !== null) this.send(socket, text);
    }
  }

  each(visit: (socket: WebSocket, watch: Watch) => void): void {
    for (const socket of this.#sender.sockets) visit(socket, attachedWatch(socket));
  }

  sendTo(socket: WebSocket, event: RingEvent<BoardFrame>, watch: Watch, at: string): void {
    const text = frameText(event, watch, at);
    if (text !== null) this.send(socket, text);
  }

  send(socket: WebSocket, text: string): void {
    this.#sender.send(socket, text);
  }

  /** Notes that the client sent a message other than a ping. */
  heard(socket: WebSocket): void {
    this.#sender.heard(socket);
  }
}

function attachedWatch(socket: WebSocket): Watch {
  const attached: Partial<Watch> | null = socket.deserializeAttachment(); // an older release may have attached it
  return { project: null, service: null, reach: null, ...attached };
}
