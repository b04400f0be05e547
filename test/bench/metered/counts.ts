/** What the price list charges for, counted. Plain data: it travels from the hub that is metered to the bench. */

/** Who used the database: it is counted apart, because a tick of the cron may stand for an hour. */
export const ORIGINS = ["cron", "queue", "objects", "http"] as const;
export type Origin = (typeof ORIGINS)[number];

export interface RowCounts {
  written: number;
  read: number;
}

export interface Counts {
  queue_messages_written: number;
  /** Deliveries; a message that is delivered again is read again. */
  queue_messages_read: number;
  /** Messages or parts of them beyond their first 64 KB, which count as more operations. */
  queue_extra_parts: number;
  /** RPC calls and requests, by class. */
  object_calls: Record<string, number>;
  object_alarms: number;
  /** Milliseconds in which objects had something to do, on their own clock. */
  object_active_ms: number;
  object_rows: RowCounts;
  database_rows: Record<Origin, RowCounts>;
  cron_runs: number;
  consumer_runs: number;
  http_requests: number;
  log_lines: number;
}

export function noCounts(): Counts {
  const none = () => ({ written: 0, read: 0 });
  return {
    queue_messages_written: 0,
    queue_messages_read: 0,
    queue_extra_parts: 0,
    object_calls: {},
    object_alarms: 0,
    object_active_ms: 0,
    object_rows: none(),
    database_rows: { cron: none(), queue: none(), objects: none(), http: none() },
    cron_runs: 0,
    consumer_runs: 0,
    http_requests: 0,
    log_lines: 0,
  };
}
