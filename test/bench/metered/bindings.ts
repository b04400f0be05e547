/** The hub's bindings, each call through them counted. The hub itself is not changed. */
import type { Bindings } from "../../../src/platform/bindings.ts";
import { Activity } from "./activity.ts";
import { type Counts, noCounts, type Origin, type RowCounts } from "./counts.ts";

/** An operation on a queue moves up to this much of a message. */
const QUEUE_PART_BYTES = 65_536;

export class Meter {
  readonly counts: Counts = noCounts();
  readonly activity = new Activity((ms) => {
    this.counts.object_active_ms += ms;
  });

  called(className: string): void {
    this.counts.object_calls[className] = (this.counts.object_calls[className] ?? 0) + 1;
  }

  written(body: string): void {
    this.counts.queue_messages_written += 1;
    this.counts.queue_extra_parts += Math.ceil(new TextEncoder().encode(body).length / QUEUE_PART_BYTES) - 1;
  }
}

export function meteredBindings(env: Bindings, meter: Meter, origin: Origin): Bindings {
  return {
    ...env,
    DB: meteredDatabase(env.DB, meter.counts.database_rows[origin]),
    PROBES: meteredQueue(env.PROBES, meter),
    OUTCOMES: meteredQueue(env.OUTCOMES, meter),
    LANE_MONITOR: meteredNamespace(env.LANE_MONITOR, "LaneMonitor", meter),
    LIVE_BOARD: meteredNamespace(env.LIVE_BOARD, "LiveBoard", meter),
    PROBER: meteredNamespace(env.PROBER, "Prober", meter),
    NATS_BRIDGE: meteredNamespace(env.NATS_BRIDGE, "NatsBridge", meter),
    FEDERATION: meteredNamespace(env.FEDERATION, "Federation", meter),
    PEER_LINK: meteredNamespace(env.PEER_LINK, "PeerLink", meter),
  };
}

function meteredQueue(queue: Queue<string>, meter: Meter): Queue<string> {
  return new Proxy(queue, {
    get(target, property) {
      if (property === "send") {
        return (body: string, options?: QueueSendOptions) => {
          meter.written(body);
          return target.send(body, options);
        };
      }
      if (property === "sendBatch") {
        return (messages: MessageSendRequest<string>[]) => {
          for (const { body } of messages) meter.written(body);
          return target.sendBatch(messages);
        };
      }
      return Reflect.get(target, property);
    },
  });
}

function meteredNamespace<N extends DurableObjectNamespace<undefined>>(namespace: N, name: string, meter: Meter): N {
  return new Proxy(namespace, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== "function") return value;
      if (property !== "get") return value.bind(target);
      return (id: DurableObjectId, options?: DurableObjectNamespaceGetDurableObjectOptions) =>
        meteredStub(target.get(id, options), name, meter);
    },
  });
}

function meteredStub<S extends DurableObjectStub>(stub: S, name: string, meter: Meter): S {
  return new Proxy(stub, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        meter.called(name);
        return Reflect.apply(value, target, args);
      };
    },
  });
}

/** What the runtime's D1 client keeps inside; its results say how many rows were read and written. */
interface Session {
  _send(...args: unknown[]): Promise<unknown>;
  _queryOrThrow(...args: unknown[]): Promise<unknown>;
}
interface Client {
  fetcher: unknown;
  alwaysPrimarySession: Session;
  constructor: new (fetcher: unknown) => D1Database & { alwaysPrimarySession: Session };
}

/** A client of its own, whose session tells what came back. */
function meteredDatabase(database: D1Database, rows: RowCounts): D1Database {
  const known = database as unknown as Client; // its declared type hides them
  const client = new known.constructor(known.fetcher);
  const session = client.alwaysPrimarySession;
  for (const name of ["_send", "_queryOrThrow"] as const) {
    const method = session[name].bind(session);
    session[name] = async (...args) => {
      const answer = await method(...args);
      for (const result of [answer].flat()) addRows(rows, result);
      return answer;
    };
  }
  return client;
}

function addRows(rows: RowCounts, result: unknown): void {
  if (typeof result !== "object" || result === null || !("meta" in result)) throw new Error("D1 told no meta");
  const { rows_read = 0, rows_written = 0 } = result.meta as { rows_read?: number; rows_written?: number };
  rows.read += rows_read;
  rows.written += rows_written;
}

/** Counts the rows that the object itself reads and writes, in place. An alarm that is set is a row. */
export function meterStorage(ctx: DurableObjectState, { counts: { object_rows } }: Meter): DurableObjectState {
  const { storage } = ctx;
  meterAsyncStorage(storage, object_rows);
  const { kv } = storage;
  const [get, put] = [kv.get.bind(kv), kv.put.bind(kv)];
  const [remove, setAlarm] = [kv.delete.bind(kv), storage.setAlarm.bind(storage)];
  kv.get = <T>(key: string) => {
    object_rows.read += 1;
    return get<T>(key);
  };
  kv.put = (key, value) => {
    object_rows.written += 1;
    put(key, value);
  };
  kv.delete = (key) => {
    object_rows.written += 1;
    return remove(key);
  };
  const exec = storage.sql.exec.bind(storage.sql);
  storage.sql.exec = <T extends Record<string, SqlStorageValue>>(query: string, ...values: SqlStorageValue[]) => {
    const cursor = exec<T>(query, ...values);
    // The objects read a cursor to its end at once; only then does it know its rows.
    queueMicrotask(() => {
      object_rows.read += cursor.rowsRead;
      object_rows.written += cursor.rowsWritten;
    });
    return cursor;
  };
  storage.setAlarm = (time, options) => {
    object_rows.written += 1;
    return setAlarm(time, options);
  };
  return ctx;
}

/** Values by key, one at a time, as the objects use them. */
function meterAsyncStorage(storage: DurableObjectStorage, rows: RowCounts): void {
  const { get, put } = storage;
  const counted = (method: typeof get | typeof put, kind: keyof RowCounts) => ({
    value: (...args: unknown[]) => {
      rows[kind] += 1;
      return Reflect.apply(method, storage, args);
    },
  });
  Object.defineProperties(storage, { get: counted(get, "read"), put: counted(put, "written") });
}
