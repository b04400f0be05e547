/** API keys: what is known of them, never the keys themselves. */
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
  /** Of the key, as findKey is asked for. */
  hash: string;
  now: number;
}

const { hash: _secret, ...publicColumns } = getTableColumns(apiKeys);

/** Throws when there is a key with that hash. */
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

/** False: no such key. */
export async function deleteKey(db: Db, id: number): Promise<boolean> {
  const deleted = await db.delete(apiKeys).where(eq(apiKeys.id, id)).returning({ id: apiKeys.id });
  return deleted.length > 0;
}
