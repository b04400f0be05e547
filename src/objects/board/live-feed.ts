/** The sockets of /ws/health: each gets a snapshot, or what it missed, and then what happens on the board. */
import type { Board } from "../../core/board/board.ts";
import type { BoardFrame } from "../../core/board/board-frames.ts";
import type { Frame } from "../../core/board/live-protocol.ts";
import type { Clock } from "../../core/time/clock.ts";
import { EventRing } from "../sockets/event-ring.ts";
import { Snapshots } from "./snapshots.ts";
import { parseWatch, type Watch, Watchers } from "./watchers.ts";

export class LiveFeed {
  readonly #clock: Clock;
  readonly #ring: EventRing<BoardFrame>;
  readonly #watchers: Watchers;
  readonly #snapshots: Snapshots;

  constructor(ctx: DurableObjectState, board: Board, clock: Clock) {
    this.#clock = clock;
    this.#ring = new EventRing(clock.now());
    this.#watchers = new Watchers(ctx, clock);
    this.#snapshots = new Snapshots(board);
  }

  /** Number of sockets. */
  get count(): number {
    return this.#watchers.count;
  }

  /** Answers the upgrade of a socket. */
  accept(request: Request): Response {
    const asked = parseWatch(request);
    if (!asked.ok) return new Response(asked.error, { status: 400 });
    const { 0: client, 1: server } = new WebSocketPair();
    this.#watchers.accept(server, asked.value.watch, request);
    this.#greet(server, asked.value.watch, asked.value.since);
    const protocol = request.headers.get("Sec-WebSocket-Protocol");
    const headers = protocol === null ? {} : { "Sec-WebSocket-Protocol": protocol };
    return new Response(null, { status: 101, webSocket: client, headers });
  }

  /** The client sent something else than a ping. */
  heard(socket: WebSocket): void {
    this.#watchers.heard(socket);
    const frame: Frame = { type: "error", seq: this.#ring.last, detail: "only the text `ping` is understood" };
    this.#watchers.send(socket, JSON.stringify(frame));
  }

  closeKey(key: number): void {
    this.#watchers.closeKey(key);
  }

  tell(frames: readonly BoardFrame[]): void {
    const at = new Date(this.#clock.now()).toISOString();
    for (const frame of frames) this.#watchers.broadcast(this.#ring.push(frame), at);
  }

  /** The board changed in a way that no frame tells of. */
  changed(): void {
    this.#snapshots.clear();
  }

  /** The board is another one now: everybody gets a snapshot, and nobody can catch up with what was before. */
  restart(): void {
    this.#ring.restart(this.#clock.now());
    this.#watchers.each((socket, watch) => this.#greet(socket, watch, null));
  }

  /** Sends the missed events when the ring still has them, otherwise a snapshot. */
  #greet(socket: WebSocket, watch: Watch, since: number | null): void {
    const missed = since === null ? null : this.#ring.since(since);
    if (missed === null) this.#watchers.send(socket, this.#snapshots.text(watch, this.#ring.last));
    const at = new Date(this.#clock.now()).toISOString();
    for (const event of missed ?? []) this.#watchers.sendTo(socket, event, watch, at);
  }
}
