/**
 * The log of what happened. Registrations, their ends and changes of projects are written by triggers, so that no way in
 * can forget them (migrations/0011_events.sql); flips are written with their history.
 */
import { asc, gte, max, sql } from "drizzle-orm";
import { flipKey, LOG_START, type LoggedEvent, type LogPosition, readEvents } from "../core/events.ts";
import type { RecordedFlip } from "../core/records.ts";
import { type Db, jsonChunks } from "./database.ts";
import { itemField } from "./fragments.ts";
import { events } from "./tables.ts";

const KEPT_MS = 30 * 86_400_000;

export interface LogPage {
  events: LoggedEvent[];
  /** Events that can't be read, and are left out. */
  unread: number;
  /** Where the next page begins. */
  next: LogPosition;
  more: boolean;
}

/**
 * Returns the events after a position, at most `limit`. A database that was restored from a backup has other events
 * than the reader knows, or fewer: then the page begins after the newest one that is not later than `since` (Unix ms),
 * the time of the last event that the reader handled.
 */
export async function eventsAfter(db: Db, position: LogPosition, limit: number, since = 0): Promise<LogPage> {
  const rows = await db
    .select()
    .from(events)
    .where(gte(events.id, position.id))
    .orderBy(asc(events.id))
    .limit(limit + 2);
  const [first] = rows;
  const isSame = position.id === LOG_START.id || (first?.id === position.id && first.key === position.key);
  if (!isSame) return await eventsAfter(db, await positionAt(db, since), limit);
  const later = rows.filter(({ id }) => id > position.id);
  const page = later.slice(0, limit);
  const last = page.at(-1);
  return {
    ...readEvents(page),
    next: last === undefined ? position : { id: last.id, key: last.key },
    more: later.length > page.length,
  };
}

/** The newest event that is not later than `at`, Unix ms. */
async function positionAt(db: Db, at: number): Promise<LogPosition> {
  const [row] = await db
    .select({ id: events.id, key: events.key })
    .from(events)
    .where(sql`${events.id} = (SELECT ${max(events.id)} FROM ${events} WHERE ${events.at} <= ${at})`);
  return row ?? LOG_START;
}

/** The newest event; what has happened before need not be read. */
export async function endOfLog(db: Db): Promise<LogPosition> {
  return await positionAt(db, Number.MAX_SAFE_INTEGER);
}

/**
 * Statements for the batch that stores the flips. A flip that was told before is the same event. What a lane still says
 * of a service that is not watched any more is history only: the end of the watch has been told.
 */
export function insertFlipEvents(db: Db, flips: readonly RecordedFlip[], epoch: string) {
  const ordered = flips.toSorted((a, b) => a.service_id - b.service_id || a.seq - b.seq);
  const items = ordered.map((flip) => {
    const known = { ...flip, epoch };
    return { service_id: flip.service_id, key: flipKey(known), body: JSON.stringify(known) };
  });
  return jsonChunks(items).map((json) =>
    db
      .insert(events)
      .select(
        sql`SELECT NULL, watched_services.now, 'flip', ${itemField("key")}, ${itemField("body")}
            FROM json_each(${json}) AS item
            JOIN watched_services ON watched_services.id = ${itemField("service_id")}
            WHERE TRUE ORDER BY item.key`,
      )
      .onConflictDoNothing({ target: events.key }),
  );
}

/** SQL that forgets at most `limit` events older than 30 days (`now`: Unix ms). The newest one stays: it marks the end. */
export function oldEvents(now: number, limit: number) {
  return sql`DELETE FROM events WHERE id IN (
    SELECT id FROM events WHERE at < ${now - KEPT_MS} AND id < (SELECT max(id) FROM events) ORDER BY id LIMIT ${limit})`;
}
