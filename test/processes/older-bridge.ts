/** What the bridge of release 0.2.0 kept in a state folder. */
import { createHash, createHmac } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

const OBJECTS = "commandcenter-hub-NatsBridge";
const HALF_ID_BYTES = 16;

/** A service as 0.2.0 noted it. `name`: with which its registration was told of last; null: its end was. */
export interface Told {
  id: number;
  /** Of the newest flip that was told. */
  seq: number;
  name: string | null;
}

/** `waiting`: events that wait for NATS. */
export function leaveOlderBridge(
  state: string,
  told: readonly Told[],
  waiting: readonly { service_id: number }[],
): void {
  const folder = join(state, "v3/do", OBJECTS);
  mkdirSync(folder, { recursive: true });
  const database = new DatabaseSync(join(folder, `${objectId(OBJECTS, "bridge")}.sqlite`));
  database.exec(`
    CREATE TABLE outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, event TEXT NOT NULL);
    CREATE TABLE told (
      service_id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, card TEXT, changed_at INTEGER NOT NULL)`);
  const insertTold = database.prepare("INSERT INTO told VALUES (?, ?, ?, 0)");
  for (const { id, seq, name } of told) insertTold.run(id, seq, name === null ? null : JSON.stringify(card(id, name)));
  const insertEvent = database.prepare("INSERT INTO outbox (at, event) VALUES (0, ?)");
  for (const event of waiting) insertEvent.run(JSON.stringify(event));
  database.close();
}

function card(id: number, name: string) {
  const check = { health_method: "http", health_url: "http://127.0.0.1", health_interval: 30 };
  return { id, project_id: 1, project: "shop", name, type: "api", ...check, version: null, rev: 1 };
}

/** As the runtime names the object of a name. */
function objectId(namespace: string, name: string): string {
  const key = createHash("sha256").update(namespace).digest();
  const half = (data: string | Buffer) => createHmac("sha256", key).update(data).digest().subarray(0, HALF_ID_BYTES);
  const base = half(name);
  return Buffer.concat([base, half(base)]).toString("hex");
}
