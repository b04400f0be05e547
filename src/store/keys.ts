/** API keys. The hub stores a hash of each key, never the key itself. */
import { asc, eq, getTableColumns } from "drizzle-orm";
import type { Db } from "./database.ts";
import { apiKeys, type Scope } from "./tables.ts";

export interface KeyRow {
  id: number;
  name: string;
  scope: Scope;
  /** The agent that a key of scope `agent` belongs to. */
  agent: string | null;
  created_at: number;
}

export interface NewKey {
  name: string;
  scope: Scope;
  agent?: string | null | undefined;
  /** Hash of the key, as findKey gets it. */
  hash: string;
  now: number;
}

const { hash: _secret, ...publicColumns } = getTableColumns(apiKeys);

/** Throws when a key with this hash exists. */
export async function createKey(db: Db, { name, scope, agent, hash, now }: NewKey): Promise<KeyRow> {
  const values = { name, scope, agent: agent ?? null, hash, created_at: now };
  return await db.insert(apiKeys).values(values).returning(publicColumns).get();
}

export async function findKey(db: Db, hash: string): Promise<KeyRow | undefined> {
  return (await db.select(publicColumns).from(apiKeys).where(eq(apiKeys.hash, hash)))[0];
}

export async function listKeys(db: Db): Promise<KeyRow[]> {
  return await db.select(publicColumns).from(apiKeys).orderBy(asc(apiKeys.id));
}

/** Returns undefined when there is no such key. */
export async function deleteKey(db: Db, id: number): Promise<KeyRow | undefined> {
  return (await db.delete(apiKeys).where(eq(apiKeys.id, id)).returning(publicColumns))[0];
}
