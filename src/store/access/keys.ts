/** API keys. The hub stores a hash of each key, never the key itself. */
import { asc, eq, getTableColumns, sql } from "drizzle-orm";
import type { Reach } from "../../core/hub/reach.ts";
import type { Db } from "../database.ts";
import { apiKeys, type Scope } from "../tables/hub-tables.ts";

export interface KeyRow {
  id: number;
  name: string;
  scope: Scope;
  /** The agent that a key of scope `agent` belongs to. */
  agent: string | null;
  projects: Reach;
  created_at: number;
  /** Its first characters; null: it was made before they were kept. */
  prefix: string | null;
  /** To the hour, Unix ms; null: never. */
  last_used_at: number | null;
}

export interface NewKey {
  name: string;
  scope: Scope;
  agent?: string | null | undefined;
  /** The projects that the key is limited to; absent: it is not. */
  projects?: Reach;
  /** Hash of the key, as findKey gets it. */
  hash: string;
  prefix?: string;
  now: number;
}

const { hash: _secret, ...publicColumns } = getTableColumns(apiKeys);

/** Throws when a key with this hash exists. */
export async function createKey(
  db: Db,
  { name, scope, agent, projects = null, hash, prefix, now }: NewKey,
): Promise<KeyRow> {
  const values = { name, scope, agent: agent ?? null, projects, hash, prefix: prefix ?? null, created_at: now };
  return await db.insert(apiKeys).values(values).returning(publicColumns).get();
}

/** A key of scope `agent`. Returns undefined when there is no such agent, also when it is removed at the same time. */
export async function createAgentKey(
  db: Db,
  { name, agent, projects = null, hash, prefix, now }: Omit<NewKey, "scope"> & { agent: string },
): Promise<KeyRow | undefined> {
  const limits = projects === null ? null : JSON.stringify(projects);
  const columns = {
    ...{ id: sql`NULL`, name, scope: "agent", agent, projects: limits, hash, created_at: now },
    ...{ prefix: prefix ?? null, last_used_at: null },
  };
  const values = Object.keys(getTableColumns(apiKeys)).map((column) => sql`${columns[column as keyof typeof columns]}`);
  const chosen = sql`SELECT ${sql.join(values, sql`, `)} FROM agents WHERE agents.name = ${agent}`;
  return (await db.insert(apiKeys).select(chosen).returning(publicColumns))[0];
}

export async function findKey(db: Db, hash: string): Promise<KeyRow | undefined> {
  return (await db.select(publicColumns).from(apiKeys).where(eq(apiKeys.hash, hash)))[0];
}

/** Writes at most once in an hour, so that a key that is always used costs nothing. */
export async function noteKeyUse(db: Db, { id, last_used_at }: Pick<KeyRow, "id" | "last_used_at">, now: number) {
  if (last_used_at !== null && now - last_used_at < HOUR_MS) return;
  await db.update(apiKeys).set({ last_used_at: now }).where(eq(apiKeys.id, id));
}

const HOUR_MS = 3_600_000;

export async function listKeys(db: Db): Promise<KeyRow[]> {
  return await db.select(publicColumns).from(apiKeys).orderBy(asc(apiKeys.id));
}

/** Returns undefined when there is no such key. */
export async function deleteKey(db: Db, id: number): Promise<KeyRow | undefined> {
  return (await db.delete(apiKeys).where(eq(apiKeys.id, id)).returning(publicColumns))[0];
}
