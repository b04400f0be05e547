/** The state folder of a local hub that does not run, with the hub's own tables. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { databaseFile, dataIn, KEPT_OBJECTS, objectFile } from "../../src/backup/state-files.ts";

const FOLDER = `${import.meta.dirname}/../../migrations/`;
export const DATABASE = "00000000-0000-0000-0000-000000000000";
export const WORKER = "commandcenter-hub";
export const TOKEN = "hub_admin_of_the_tests_0000";
export const MIGRATIONS = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".sql"))
  .sort();

/** Fills the folder. Returns its database, open as the hub has it. */
export function hubHere(state: string): DatabaseSync {
  for (const object of KEPT_OBJECTS) {
    const kept = open(objectFile(dataIn(state), WORKER, object));
    kept.exec("CREATE TABLE _cf_KV (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID");
    kept.prepare("INSERT INTO _cf_KV VALUES ('kept', ?)").run(Buffer.from(`secret of ${object.name}`));
    kept.close();
  }
  writeFileSync(join(state, "admin-token"), `${TOKEN}\n`);
  writeFileSync(join(state, "hub-id"), "hub-a\n");
  const database = open(databaseFile(dataIn(state), DATABASE));
  database.exec("BEGIN");
  database.exec("CREATE TABLE d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE)");
  for (const name of MIGRATIONS) {
    database.exec(readFileSync(FOLDER + name, "utf8"));
    database.prepare("INSERT INTO d1_migrations (name) VALUES (?)").run(name);
  }
  database.exec("INSERT INTO projects (name, created_at, updated_at) VALUES ('shop', 1000, 1000)");
  addService(database, "web");
  database.exec("COMMIT");
  return database;
}

export function addService(database: DatabaseSync, name: string): void {
  database
    .prepare(
      `INSERT INTO services (project_id, name, service_type, health_method, health_url, health_interval, health_timeout,
        health_retries, status_since, created_at, updated_at) VALUES (1, ?, 'web', 'tcp', 'tcp://a:1', 20, 5, 1, 1000, 1000, 1000)`,
    )
    .run(name);
}

export function namesIn(database: DatabaseSync): unknown[] {
  return database
    .prepare("SELECT name FROM services ORDER BY id")
    .all()
    .map(({ name }) => name);
}

function open(file: string): DatabaseSync {
  mkdirSync(dirname(file), { recursive: true });
  const database = new DatabaseSync(file);
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF");
  return database;
}
