/** The stream HUB_EVENTS, made or brought up to date on the core. */
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
/** An outbox sends again what was stored but not seen to be: within two hours that makes no duplicate. */
const DUPLICATE_WINDOW_MS = 2 * HOUR_MS;
const MAX_AGE_MS = 30 * 24 * HOUR_MS;
const GIB = 1_024 ** 3;
const CONNECT_LIMIT_MS = 5_000;
const STREAM_NOT_FOUND = 10_059;

export type StreamSettings = Partial<StreamConfig> & { name: string; subjects: string[] };

/** When it is full it gives up its oldest events rather than refuse new ones. `replicas`: 3 in a cluster. */
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

/** `coreUrl`: `nats://[user:password@]host:port`. Rejects when the core or its JetStream can't be reached. */
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
