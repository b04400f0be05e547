/** Sends to the sockets of an object, and drops those whose clients are stuck. */
import { KEY_HEADER } from "../platform/key-header.ts";

/** Policy violation (RFC 6455). */
const REVOKED_CODE = 1008;
const PING = "ping";
const PONG = "pong";
/**
 * Number of characters that may be sent to a socket before its client says anything. The runtime does not tell how
 * much has arrived, and it buffers everything. So only the client's silence shows that the client is stuck.
 */
export const MAX_UNHEARD_CHARS = 16_000_000;

/** What was sent since the client last showed that it is there. */
interface Unheard {
  /** Unix ms. */
  since: number;
  chars: number;
}

export class SocketSender {
  readonly #ctx: DurableObjectState;
  readonly #unheard = new WeakMap<WebSocket, Unheard>();

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx;
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
      closeSocket(socket, 1013, "too slow: nothing was heard from you for long; send `ping` now and then");
      return;
    }
    try {
      socket.send(text);
    } catch {
      closeSocket(socket, 1011, "sending failed");
    }
  }

  /** Notes that the client sent a message other than a ping. */
  heard(socket: WebSocket): void {
    this.#unheard.delete(socket);
  }

  #mayTake(socket: WebSocket, chars: number): boolean {
    const unheard = this.#unheard.get(socket) ?? { since: Date.now(), chars: 0 };
    if (unheard.chars + chars > MAX_UNHEARD_CHARS && unheard.chars > 0) {
      const pinged = this.#ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? 0;
      if (pinged < unheard.since) return false;
      this.#unheard.set(socket, { since: Date.now(), chars });
      return true;
    }
    this.#unheard.set(socket, { since: unheard.since, chars: unheard.chars + chars });
    return true;
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
