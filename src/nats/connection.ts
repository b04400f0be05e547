/** One connection to the relay. The connection never reconnects by itself: the bridge opens a new one by its alarm. */

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
import type { Settings } from "../core/hub/settings.ts";
import type { Clock } from "../core/time/clock.ts";
import { messageOf } from "../core/values/error-message.ts";
import { type LatestRefusal, LatestRefusals } from "./latest-refusals.ts";
import { type DurableEvent, type LatestValue, messageHeaders } from "./messages.ts";
import type { NatsFailure } from "./reason.ts";

const STREAM = "HUB_EVENTS";
const CONNECT_LIMIT_MS = 5_000;
const ACK_LIMIT_MS = 5_000;
/** A dead connection is noticed after two pings without an answer. */
const PING_INTERVAL_MS = 20_000;
/** The relay counts the headers of a message as part of it. A hub's id has at most 63 characters. */
const HEADER_BYTES = 1_024;

export class RelayConnection {
  readonly #connection: NatsConnection;
  readonly #jetstream: JetStreamClient;
  readonly #hubId: string;
  readonly #clock: Clock;
  readonly #refused = new LatestRefusals();

  private constructor(connection: NatsConnection, hubId: string, clock: Clock) {
    this.#clock = clock;
    this.#connection = connection;
    this.#jetstream = connection.jetstream({ timeout: ACK_LIMIT_MS });
    this.#hubId = hubId;
    void this.#watchPermissions();
  }

  /** Throws what nats.ws throws: see natsReason. */
  static async open(settings: Settings, clock: Clock): Promise<RelayConnection> {
    return new RelayConnection(await connect(connectionOptions(settings)), settings.HUB_ID, clock);
  }

  /** Resolves when the connection has ended: with the error, or with undefined when there was none. */
  closed(): Promise<unknown> {
    return this.#connection.closed();
  }

  get isClosed(): boolean {
    return this.#connection.isClosed();
  }

  /** Largest payload of a latest value that the relay takes. */
  get maxLatestBytes(): number {
    return (this.#connection.info?.max_payload ?? Number.POSITIVE_INFINITY) - HEADER_BYTES;
  }

  /** Resolves when the stream has stored the event. */
  async publishDurable(event: DurableEvent): Promise<void> {
    const options = { headers: this.#headers(event, STREAM), retries: 0 };
    await this.#jetstream.publish(event.subject, payload(event), options);
  }

  /**
   * Sends the value without waiting. Nothing reports whether the value arrived. Returns false for a value that can't be
   * sent. Throws when the connection has ended.
   */
  publishLatest(value: LatestValue): boolean {
    try {
      this.#connection.publish(value.subject, payload(value), { headers: this.#headers(value, null) });
      return true;
    } catch (error) {
      if (this.isClosed) throw error;
      this.#refused.note(value.subject, failureOf(error), this.#clock.now());
      return false;
    }
  }

  /** The latest values that were refused within the last minutes, by their subject. */
  refusedLatest(): ReadonlyMap<string, LatestRefusal> {
    return this.#refused.recent(this.#clock.now());
  }

  /** Calls `heard` with each message on the subject until the connection ends. Larger messages are skipped. */
  async listen(subject: string, maxBytes: number, heard: (text: string) => void): Promise<void> {
    for await (const { data } of this.#connection.subscribe(subject)) {
      if (data.length <= maxBytes) heard(new TextDecoder().decode(data));
    }
  }

  #headers(message: LatestValue, stream: string | null): MsgHdrs {
    const all = headers();
    for (const [name, value] of messageHeaders(message, this.#hubId, stream)) all.set(name, value);
    return all;
  }

  /** A refused event is rejected by itself. A refused latest value is reported here only. */
  async #watchPermissions(): Promise<void> {
    for await (const { type, data, permissionContext } of this.#connection.status()) {
      if (type !== Events.Error || permissionContext?.operation !== "publish") continue;
      const { subject } = permissionContext;
      const failure = { ...failureOf(new Error(String(data))), refusedSubject: subject };
      this.#refused.note(subject, failure, this.#clock.now());
    }
  }
}

export function failureOf(error: unknown): NatsFailure {
  const known = error instanceof NatsError ? error : null;
  return {
    code: known?.code ?? "",
    message: messageOf(error),
    jetstreamError: known?.api_error?.description ?? null,
    refusedSubject: known?.permissionContext?.subject ?? null,
    answersHttp: null,
  };
}

/**
 * Whether a server at the relay's address answers HTTP. If one does, the relay probably refused the hub's credentials:
 * many relays then close the WebSocket without a message.
 */
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
