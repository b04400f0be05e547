/** Sessions of people who are signed in. A session is bound to the key that it was begun with, or to the admin token. */
import { and, desc, eq, gt, isNull, lte, notInArray, sql } from "drizzle-orm";
import type { Db } from "../database.ts";
import { apiKeys, type Scope, sessions } from "../tables/hub-tables.ts";
import type { KeyRow } from "./keys.ts";

/** More of one key end the oldest ones. */
const MAX_SESSIONS = 50;

/** The credentials that a session was begun with. */
export type SessionOf = { key_id: number } | { admin: string };

export interface NewSession {
  /** Of the token in the cookie. */
  hash: string;
  of: SessionOf;
  /** Unix ms. */
  now: number;
  expires_at: number;
}

/** Throws a foreign key error when the key was revoked meanwhile. */
export async function createSession(db: Db, { hash, of, now, expires_at }: NewSession): Promise<void> {
  const newest = db
    .select({ hash: sessions.hash })
    .from(sessions)
    .where(isOf(of))
    .orderBy(desc(sessions.created_at))
    .limit(MAX_SESSIONS);
  await db.batch([
    db.insert(sessions).values({ hash, ...columnsOf(of), created_at: now, expires_at }),
    db.delete(sessions).where(and(isOf(of), notInArray(sessions.hash, newest))),
  ]);
}

export type FoundSession = { key: Pick<KeyRow, "id" | "scope" | "agent" | "projects"> } | { admin: string };

/** Returns undefined when there is no such session, or its time is over. `now`: Unix ms. */
export async function findSession(db: Db, hash: string, now: number): Promise<FoundSession | undefined> {
  const [row] = await db
    .select({
      admin: sessions.admin,
      id: apiKeys.id,
      scope: apiKeys.scope,
      agent: apiKeys.agent,
      projects: apiKeys.projects,
    })
    .from(sessions)
    .leftJoin(apiKeys, eq(apiKeys.id, sessions.key_id))
    .where(and(eq(sessions.hash, hash), gt(sessions.expires_at, now)));
  if (row === undefined) return undefined;
  if (row.admin !== null) return { admin: row.admin };
  const { id, scope, agent, projects } = row;
  return id === null ? undefined : { key: { id, scope: scope as Scope, agent, projects } };
}

export async function deleteSession(db: Db, hash: string): Promise<void> {
  await db.delete(sessions).where(eq(sessions.hash, hash));
}

/** Ends all sessions that were begun with the same key, or with the admin token. Returns how many. */
export async function deleteSessionsOf(db: Db, of: SessionOf): Promise<number> {
  return (await db.delete(sessions).where(isOf(of)).returning({ hash: sessions.hash })).length;
}

/** SQL that deletes at most `limit` sessions whose time is over. `now`: Unix ms. */
export function oldSessions(now: number, limit: number) {
  return sql`DELETE FROM sessions WHERE hash IN (SELECT hash FROM sessions WHERE ${lte(sessions.expires_at, now)} LIMIT ${limit})`;
}

function columnsOf(of: SessionOf) {
  return "key_id" in of ? { key_id: of.key_id, admin: null } : { key_id: null, admin: of.admin };
}

function isOf(of: SessionOf) {
  return "key_id" in of ? eq(sessions.key_id, of.key_id) : isNull(sessions.key_id);
}
