/** Sends to the sockets of an object, and drops those whose clients are stuck. */

import type { Clock } from "../../core/time/clock.ts";
import { SOCKET_SILENT_MS } from "../../core/time/durations.ts";
import { KEY_HEADER } from "../../platform/key-header.ts";

/** Policy violation (RFC 6455). */
const REVOKED_CODE = 1008;
const PING = "ping";
const PONG = "pong";
const TOO_SLOW = "too slow: nothing was heard from you for long; send `ping` now and then";
/**
 * Number of characters that may be sent to a socket before its client says anything. The runtime does not tell how
 * much has arrived, and it buffers everything. So only the client's silence shows that the client is stuck.
 */
export const MAX_UNACKNOWLEDGED_CHARS = 16_000_000;

/**
 * Number of characters that may be under way to all sockets together. Above it those are closed whose clients have been
 * silent for too long; far above it those to which most is under way. So who reads nothing can't use up the memory.
 */
export const MAX_UNHEARD_OF_ALL = 32_000_000;
const FAR_ABOVE = 4;
/** Looking at all sockets takes a moment, so it is not done at each message. */
const LOOK_EACH_MS = 1_000;

/** The number of characters sent since the client last showed that it is there. */
interface Unacknowledged {
  /** Unix ms. */
  since: number;
  chars: number;
}

export class SocketSender {
  readonly #ctx: DurableObjectState;
  readonly #clock: Clock;
  readonly #unacknowledged = new WeakMap<WebSocket, Unacknowledged>();
  /** Of all sockets together. */
  #chars = 0;
  /** Unix ms. */
  #lookedAt = 0;

  constructor(ctx: DurableObjectState, clock: Clock) {
    this.#ctx = ctx;
    this.#clock = clock;
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
  }

  get sockets(): WebSocket[] {
    return this.#ctx.getWebSockets();
  }

  /** `request`: the upgrade; it says which key opened the socket. */
  accept(socket: WebSocket, request: Request): void {
    const key = request.headers.get(KEY_HEADER);
    this.#ctx.acceptWebSocket(socket, key === null ? [] : [tagOf(Number(key))]);
  }

  /** Closes the sockets that a key opened, because the key is no longer valid. */
  closeKey(key: number): void {
    for (const socket of this.#ctx.getWebSockets(tagOf(key))) closeSocket(socket, REVOKED_CODE, "the key was revoked");
  }

  broadcast(text: string): void {
    for (const socket of this.sockets) this.send(socket, text);
  }

  /** Sends the text, or closes the socket when its client is stuck. */
  send(socket: WebSocket, text: string): void {
    if (!this.#mayTake(socket, text.length)) {
      this.#drop(socket, 1013, TOO_SLOW);
      return;
    }
    try {
      socket.send(text);
    } catch {
      this.#drop(socket, 1011, "sending failed");
    }
    if (this.#chars > MAX_UNHEARD_OF_ALL) this.#makeRoom();
  }

  /** Notes that the client sent a message other than a ping. */
  heard(socket: WebSocket): void {
    this.#set(socket, { since: this.#clock.now(), chars: 0 });
  }

  #mayTake(socket: WebSocket, chars: number): boolean {
    const unacknowledged = this.#unacknowledged.get(socket) ?? { since: this.#clock.now(), chars: 0 };
    if (unacknowledged.chars + chars > MAX_UNACKNOWLEDGED_CHARS && unacknowledged.chars > 0) {
      if (!this.#hasPinged(socket, unacknowledged)) return false;
      this.#set(socket, { since: this.#clock.now(), chars });
    } else {
      this.#set(socket, { since: unacknowledged.since, chars: unacknowledged.chars + chars });
    }
    return true;
  }

  /** The runtime answers pings by itself, so they are looked up. */
  #hasPinged(socket: WebSocket, { since }: Unacknowledged): boolean {
    const pingedAt = this.#ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? 0;
    return this.#clock.fromPlatform(pingedAt) >= since;
  }

  /** A client that has pinged has read everything that was sent before. */
  #makeRoom(): void {
    const now = this.#clock.now();
    if (now - this.#lookedAt < LOOK_EACH_MS) return;
    this.#lookedAt = now;
    const waiting: [WebSocket, Unacknowledged][] = [];
    for (const socket of this.sockets) {
      const unacknowledged = this.#unacknowledged.get(socket);
      if (unacknowledged === undefined || unacknowledged.chars === 0) continue;
      if (this.#hasPinged(socket, unacknowledged)) this.#set(socket, { since: now, chars: 0 });
      else waiting.push([socket, unacknowledged]);
    }
    this.#chars = waiting.reduce((sum, [, { chars }]) => sum + chars, 0); // sockets that are gone count no longer
    waiting.sort(([, a], [, b]) => b.chars - a.chars);
    for (const [socket, { since }] of waiting) {
      const limit = now - since > SOCKET_SILENT_MS ? MAX_UNHEARD_OF_ALL : FAR_ABOVE * MAX_UNHEARD_OF_ALL;
      if (this.#chars > limit) this.#drop(socket, 1013, TOO_SLOW);
    }
  }

  #drop(socket: WebSocket, code: number, reason: string): void {
    this.#set(socket, { since: this.#clock.now(), chars: 0 });
    closeSocket(socket, code, reason);
  }

  #set(socket: WebSocket, unacknowledged: Unacknowledged): void {
    this.#chars += unacknowledged.chars - (this.#unacknowledged.get(socket)?.chars ?? 0);
    this.#unacknowledged.set(socket, unacknowledged);
  }
}

function tagOf(key: number): string {
  return `key:${key}`;
}

function closeSocket(socket: WebSocket, code: number, reason: string): void {
  try {
    socket.close(code, reason);
  } catch {
    // the socket is closed already
  }
}

/** Closes the hub's side of a socket that its client has closed. 1005 and 1006 mean that there was no code, and must not be sent. */
export function closeToo(socket: WebSocket, code: number): void {
  socket.close(code === 1005 || code === 1006 ? 1000 : code);
}
