/** Creates the stream HUB_EVENTS on the core, or updates it. */
import {
  DiscardPolicy,
  JetStreamApiError,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from "@nats-io/jetstream";
import { connect, type NodeConnectionOptions, nanos } from "@nats-io/transport-node";

export const HUB_EVENTS = "HUB_EVENTS";

const HOUR_MS = 3_600_000;
/**
 * JetStream drops a message that it gets again within this time. An outbox repeats an event when the acknowledgement
 * was lost.
 */
const DUPLICATE_WINDOW_MS = 2 * HOUR_MS;
const MAX_AGE_MS = 30 * 24 * HOUR_MS;
const GIB = 1_024 ** 3;
const CONNECT_LIMIT_MS = 5_000;
const STREAM_NOT_FOUND = 10_059;

export type StreamSettings = Partial<StreamConfig> & { name: string; subjects: string[] };

/** A full stream drops its oldest events and accepts new ones. `replicas`: use 3 in a cluster. */
export function streamSettings(replicas = 1): StreamSettings {
  return {
    name: HUB_EVENTS,
    description: "Flips and registrations of CommandCenter hubs",
    subjects: ["hub.*.health.*", "hub.*.service.*"],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.Old,
    max_age: nanos(MAX_AGE_MS),
    max_bytes: GIB,
    duplicate_window: nanos(DUPLICATE_WINDOW_MS),
    num_replicas: replicas,
  };
}

/**
 * Returns whether the stream was made or updated. `coreUrl`: `nats://[user:password@]host:port`. Rejects when the core
 * or its JetStream can't be reached.
 */
export async function setUpStream(coreUrl: string, settings = streamSettings()): Promise<"made" | "updated"> {
  const connection = await connect(connectionOptions(coreUrl));
  try {
    const { streams } = await jetstreamManager(connection);
    const known = await streams.info(settings.name).catch(nullWhenMissing);
    if (known === null) await streams.add(settings);
    else await streams.update(settings.name, settings);
    return known === null ? "made" : "updated";
  } finally {
    await connection.close();
  }
}

function connectionOptions(coreUrl: string): NodeConnectionOptions {
  const { host, username, password } = new URL(coreUrl);
  const login = username === "" ? {} : { user: decodeURIComponent(username), pass: decodeURIComponent(password) };
  return { servers: host, reconnect: false, timeout: CONNECT_LIMIT_MS, ...login };
}

function nullWhenMissing(error: unknown): null {
  if (error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND) return null;
  throw error;
}
