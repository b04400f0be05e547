/** Cloudflare's list prices on the paid plan, in US dollars, beyond what the plan includes (November 2026). */
import type { Counts, Origin, RowCounts } from "./metered/counts.ts";
import { ORIGINS } from "./metered/counts.ts";

const MILLION = 1_000_000;
/** Of a queue: writing, reading and deleting a message are one operation each. */
const QUEUE_OPERATION = 0.4 / MILLION;
const OBJECT_REQUEST = 0.15 / MILLION;
const ROW_WRITTEN = 1 / MILLION;
const ROW_READ = 0.001 / MILLION;
/** An object that has something to do is charged for 128 MB. */
const WORKER_REQUEST = 0.3 / MILLION;
const CPU_MS = 0.02 / MILLION;
const LOG_LINE = 0.6 / MILLION;
const DATABASE_GB_MONTH = 0.75;
const OBJECT_MS = ((12.5 / MILLION) * 0.128) / 1_000;

export interface Bill {
  queues: number;
  object_requests: number;
  object_duration: number;
  object_rows: number;
  database_written: number;
  database_read: number;
  worker_requests: number;
  worker_cpu: number;
  logs: number;
}

/** `cpuMs`: all that the runtime used, which is more than the Worker itself. */
export function billOf(counts: Counts, cpuMs: number): Bill {
  const database = sumRows(counts, ORIGINS);
  return {
    queues: queueOperations(counts) * QUEUE_OPERATION,
    object_requests: objectRequests(counts) * OBJECT_REQUEST,
    object_duration: counts.object_active_ms * OBJECT_MS,
    object_rows: priceOfRows(counts.object_rows),
    database_written: database.written * ROW_WRITTEN,
    database_read: database.read * ROW_READ,
    worker_requests: (counts.consumer_runs + counts.cron_runs + counts.http_requests) * WORKER_REQUEST,
    worker_cpu: cpuMs * CPU_MS,
    logs: counts.log_lines * LOG_LINE,
  };
}

/** Of so many bytes in the database for so many days. */
export function priceOfStorage(bytes: number, days: number): number {
  return (bytes / 1e9) * (days / 30) * DATABASE_GB_MONTH;
}

export function priceOfRows({ written, read }: RowCounts): number {
  return written * ROW_WRITTEN + read * ROW_READ;
}

/** A message is deleted once, read each time that it is delivered, and written once. */
export function queueOperations(counts: Counts): number {
  return 2 * counts.queue_messages_written + counts.queue_messages_read + 3 * counts.queue_extra_parts;
}

/** Calls and alarms. */
export function objectRequests(counts: Counts): number {
  return Object.values(counts.object_calls).reduce((sum, calls) => sum + calls, counts.object_alarms);
}

export function sumRows({ database_rows }: Counts, origins: readonly Origin[]): RowCounts {
  return origins.reduce(
    (sum, origin) => ({
      written: sum.written + database_rows[origin].written,
      read: sum.read + database_rows[origin].read,
    }),
    { written: 0, read: 0 },
  );
}

/** What was counted from one reading to the next. */
export function countsSince(before: Counts, after: Counts): Counts {
  const rows = (a: RowCounts, b: RowCounts) => ({ written: b.written - a.written, read: b.read - a.read });
  const [old, now] = [before.database_rows, after.database_rows];
  const calls = Object.entries(after.object_calls).map(([name, n]) => [name, n - (before.object_calls[name] ?? 0)]);
  return {
    queue_messages_written: after.queue_messages_written - before.queue_messages_written,
    queue_messages_read: after.queue_messages_read - before.queue_messages_read,
    queue_extra_parts: after.queue_extra_parts - before.queue_extra_parts,
    object_calls: Object.fromEntries(calls),
    object_alarms: after.object_alarms - before.object_alarms,
    object_active_ms: after.object_active_ms - before.object_active_ms,
    object_rows: rows(before.object_rows, after.object_rows),
    database_rows: {
      cron: rows(old.cron, now.cron),
      queue: rows(old.queue, now.queue),
      objects: rows(old.objects, now.objects),
      http: rows(old.http, now.http),
    },
    cron_runs: after.cron_runs - before.cron_runs,
    consumer_runs: after.consumer_runs - before.consumer_runs,
    http_requests: after.http_requests - before.http_requests,
    log_lines: after.log_lines - before.log_lines,
  };
}
