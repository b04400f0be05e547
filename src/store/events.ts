/**
 * The log of what happened. Registrations, their ends and changes of projects are written by triggers, so that no way in
 * can forget them (migrations/0011_events.sql); flips are written with their history.
 */
import { asc, desc, gte, max, sql } from "drizzle-orm";
import {
  type EventLog,
  flipKey,
  LOG_START,
  type LoggedEvent,
  type LogPage,
  type LogPosition,
  type LogStart,
  readEvents,
  type WholeLog,
} from "../core/hub/events.ts";
import type { RecordedFlip } from "../core/status/recorded-flip.ts";
import { type Db, jsonChunks } from "./database.ts";
import { itemField } from "./fragments.ts";
import { events } from "./tables/hub-tables.ts";

const KEPT_MS = 30 * 86_400_000;
const PAGE_EVENTS = 1_000;
/** As a row of the log. It has no place there. */
const BEGINNING = {
  id: sql<number>`0`.as("id"),
  at: sql<number>`beginnings.at`.as("at"),
  kind: sql<string>`beginnings.kind`.as("kind"),
  key: sql<string>`beginnings.key`.as("key"),
  body: sql<string>`beginnings.body`.as("body"),
};

export function eventLog(db: Db): EventLog {
  return {
    after: (position, limit, since) => eventsAfter(db, position, limit, since),
    start: () => startOfReading(db),
    whole: () => wholeLog(db),
  };
}

/** See EventLog. */
export async function eventsAfter(db: Db, position: LogPosition, limit: number, since = 0): Promise<LogPage> {
  const rows = await db
    .select()
    .from(events)
    .where(gte(events.id, position.id))
    .orderBy(asc(events.id))
    .limit(limit + 2);
  const [first] = rows;
  const isSame = position.id === LOG_START.id || (first?.id === position.id && first.key === position.key);
  if (!isSame) return { ...(await eventsAfter(db, await positionAt(db, since), limit)), isOther: true };
  const later = rows.filter(({ id }) => id > position.id);
  const page = later.slice(0, limit);
  const last = page.at(-1);
  return {
    ...readEvents(page),
    next: last === undefined ? position : { id: last.id, key: last.key },
    more: later.length > page.length,
    isOther: false,
    from: position,
  };
}

async function startOfReading(db: Db): Promise<LogStart> {
  const { id, key } = events;
  const [last, begun] = await db.batch([
    db.select({ id, key }).from(events).orderBy(desc(id)).limit(1),
    db.select(BEGINNING).from(sql`beginnings`).orderBy(sql`beginnings.id`),
  ]);
  return { end: last[0] ?? LOG_START, beginnings: readEvents(begun).events };
}

async function wholeLog(db: Db): Promise<WholeLog> {
  const start = await startOfReading(db);
  const { end } = start;
  const logged: LoggedEvent[] = [];
  for (let page = await eventsAfter(db, LOG_START, PAGE_EVENTS); ; ) {
    logged.push(...page.events.filter((event) => event.id <= end.id));
    if (!page.more || page.next.id >= end.id) break;
    page = await eventsAfter(db, page.next, PAGE_EVENTS);
  }
  return { ...start, events: logged };
}

/** The newest event that is not later than `at`, Unix ms. */
async function positionAt(db: Db, at: number): Promise<LogPosition> {
  const [row] = await db
    .select({ id: events.id, key: events.key })
    .from(events)
    .where(sql`${events.id} = (SELECT ${max(events.id)} FROM ${events} WHERE ${events.at} <= ${at})`);
  return row ?? LOG_START;
}

/**
 * Statements for the batch that stores the flips, before it stores the statuses. A flip that was told before is the same
 * event. What a lane still says of a service that is not watched any more, or of a time before the newest flip that is
 * stored, is history only: the registry has told the end of the watch, and the lane goes on from there.
 */
export function insertFlipEvents(db: Db, flips: readonly RecordedFlip[], epoch: string) {
  const ordered = flips.toSorted((a, b) => a.service_id - b.service_id || a.seq - b.seq);
  const items = ordered.map((flip) => {
    const { service_id, seq } = flip;
    return { service_id, seq, key: flipKey({ ...flip, epoch }), body: JSON.stringify({ ...flip, epoch }) };
  });
  return jsonChunks(items).map((json) =>
    db
      .insert(events)
      .select(
        sql`SELECT NULL, watched_services.now, 'flip', ${itemField("key")}, ${itemField("body")}
            FROM json_each(${json}) AS item
            JOIN watched_services ON watched_services.id = ${itemField("service_id")}
              AND watched_services.flip_seq < ${itemField("seq")}
            WHERE TRUE ORDER BY item.key`,
      )
      .onConflictDoNothing({ target: events.key }),
  );
}

/**
 * SQL that forgets at most `limit` events older than 30 days (`now`: Unix ms) that every reader has read. `readUpTo`: the
 * id of the last such event. The newest one stays: it marks the end. Old events come first, so the search ends at the
 * first one that is not old; an index of times would cost a row with each event. Times in the future are those of a wrong
 * clock, and end nothing.
 */
export function oldEvents(now: number, limit: number, readUpTo: number) {
  const since = now - KEPT_MS;
  const firstKept = sql`
    SELECT id FROM (SELECT id, at FROM events WHERE at <= ${now} ORDER BY id LIMIT ${limit}) WHERE at >= ${since} LIMIT 1`;
  return sql`DELETE FROM events WHERE id IN (
    SELECT id FROM events
    WHERE at < ${since} AND id < min(
      coalesce((${firstKept}), ${Number.MAX_SAFE_INTEGER}), (SELECT max(id) FROM events), ${readUpTo + 1})
    ORDER BY id LIMIT ${limit})`; // one bound, because SQLite searches by one only
}
