/** The D1 database of a local hub, as the file that it is. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

export function databaseFile(state: string): string {
  const folder = join(state, "v3/d1/miniflare-D1DatabaseObject");
  const file = readdirSync(folder).find((name) => /^[0-9a-f]{64}\.sqlite$/.test(name));
  if (file === undefined) throw new Error(`no database in ${folder}`);
  return join(folder, file);
}

/** A copy of a database gets an epoch of its own, as migrations/0005_epochs.sql gives one to each new database. */
export function beginEpoch(state: string): void {
  const database = new DatabaseSync(databaseFile(state));
  database.exec(`UPDATE registry
    SET epoch = printf('%012x', CAST(unixepoch('subsec') * 1000 AS INTEGER)) || lower(hex(randomblob(4)))`);
  database.close();
}

/** From now on every use of the database fails in the hub, until the answered function is called. */
export function holdDatabase(state: string): () => void {
  const database = new DatabaseSync(databaseFile(state));
  database.exec("PRAGMA busy_timeout = 5000; BEGIN EXCLUSIVE");
  return () => {
    if (!database.isOpen) return;
    database.exec("ROLLBACK");
    database.close();
  };
}
