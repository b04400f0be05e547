/** One connection to the relay. It never reconnects by itself: the bridge does, by its alarm. */
import {
  type ConnectionOptions,
  connect,
  credsAuthenticator,
  Events,
  headers,
  type JetStreamClient,
  type MsgHdrs,
  type NatsConnection,
  NatsError,
} from "nats.ws";
import type { Settings } from "../core/settings.ts";
import { type DurableEvent, type LatestValue, messageHeaders } from "./messages.ts";
import type { NatsFailure } from "./reason.ts";

export const STREAM = "HUB_EVENTS";
const CONNECT_LIMIT_MS = 5_000;
const ACK_LIMIT_MS = 5_000;
/** A dead connection is noticed after two of these without an answer. */
const PING_INTERVAL_MS = 20_000;

export class RelayConnection {
  readonly #connection: NatsConnection;
  readonly #jetstream: JetStreamClient;
  readonly #hubId: string;
  /** The last subject that the relay did not let the hub use; null: none. */
  refused: string | null = null;

  private constructor(connection: NatsConnection, hubId: string) {
    this.#connection = connection;
    this.#jetstream = connection.jetstream({ timeout: ACK_LIMIT_MS });
    this.#hubId = hubId;
    void this.#watch();
  }

  /** Throws what nats.ws throws: see natsReason. */
  static async open(settings: Settings): Promise<RelayConnection> {
    return new RelayConnection(await connect(connectionOptions(settings)), settings.HUB_ID);
  }

  /** Resolves with the error, if any, when the connection is gone. */
  closed(): Promise<unknown> {
    return this.#connection.closed();
  }

  get isClosed(): boolean {
    return this.#connection.isClosed();
  }

  /** Resolves when the stream has it. */
  async publishDurable(event: DurableEvent): Promise<void> {
    const options = { headers: this.#headers(event, STREAM), retries: 0 };
    await this.#jetstream.publish(event.subject, payload(event), options);
  }

  /** Handed to the connection; nobody tells whether it arrived. */
  publishLatest(value: LatestValue): void {
    this.#connection.publish(value.subject, payload(value), { headers: this.#headers(value, null) });
  }

  #headers(message: LatestValue, stream: string | null): MsgHdrs {
    const all = headers();
    for (const [name, value] of messageHeaders(message, this.#hubId, stream)) all.set(name, value);
    return all;
  }

  async #watch(): Promise<void> {
    for await (const { type, permissionContext } of this.#connection.status()) {
      if (type === Events.Error && permissionContext !== undefined) this.refused = permissionContext.subject;
    }
  }
}

/** `refused`: of the connection that failed. */
export function failureOf(error: unknown, refused: string | null): NatsFailure {
  const known = error instanceof NatsError ? error : null;
  return {
    code: known?.code ?? "",
    message: error instanceof Error ? error.message : String(error),
    refusal: known?.api_error?.description ?? null,
    refused,
    answers: null,
  };
}

/** Whether anything speaks HTTP there: a relay that dislikes the credentials often just closes the WebSocket. */
export async function answersHttp(relayUrl: string): Promise<boolean> {
  try {
    const response = await fetch(relayUrl.replace(/^ws/, "http"), { signal: AbortSignal.timeout(CONNECT_LIMIT_MS) });
    await response.body?.cancel();
    return true;
  } catch {
    return false;
  }
}

function payload(message: LatestValue): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(message.payload));
}

function connectionOptions(settings: Settings): ConnectionOptions {
  const { NATS_URL, NATS_TOKEN, NATS_USER, NATS_PASSWORD, NATS_CREDS, HUB_ID } = settings;
  if (NATS_URL === undefined) throw new Error("NATS_URL is not set");
  return {
    servers: NATS_URL,
    name: HUB_ID,
    reconnect: false,
    timeout: CONNECT_LIMIT_MS,
    pingInterval: PING_INTERVAL_MS,
    inboxPrefix: `_INBOX.${HUB_ID}`,
    noAsyncTraces: true, // a stack trace for each event in flight costs more than the event
    ...(NATS_TOKEN === undefined ? {} : { token: NATS_TOKEN }),
    ...(NATS_USER === undefined ? {} : { user: NATS_USER, pass: NATS_PASSWORD ?? "" }),
    ...(NATS_CREDS === undefined ? {} : { authenticator: credsAuthenticator(new TextEncoder().encode(NATS_CREDS)) }),
  };
}
