/**
 * The label of a backup. A backup is a copy of the hub's database, an SQLite file, with one more table of one row. What
 * it has of migrations stands in `d1_migrations`, as in every database of a hub.
 */
import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import packageJson from "../../package.json" with { type: "json" };

export const HUB_VERSION = packageJson.version;
/** Another one when an older hub could not restore the file. */
export const FORMAT = 1;

const CREATE_TABLE = `CREATE TABLE hub_backup (
  format INTEGER NOT NULL,
  made_at INTEGER NOT NULL, -- Unix ms
  hub_version TEXT NOT NULL,
  hub_id TEXT, -- null: not known
  admin_token TEXT, -- null: it was given by HUB_ADMIN_TOKEN
  federation BLOB, -- the database of the object that keeps the hub's keys; null: it had none yet
  nats_bridge BLOB -- of the one that knows what JetStream was told; null: the hub used no NATS
)`;

/** An SQLite file. */
const fileSchema = z.custom<Uint8Array>((value) => value instanceof Uint8Array).nullable();

const labelSchema = z.object({
  format: z.literal(FORMAT),
  /** Unix ms. */
  made_at: z.number(),
  hub_version: z.string(),
  hub_id: z.string().nullable(),
  admin_token: z.string().nullable(),
  federation: fileSchema,
  nats_bridge: fileSchema,
});
export type Label = z.infer<typeof labelSchema>;

const summarySchema = z.object({
  services: z.number(),
  projects: z.number(),
  /** Of the oldest change of a status or project, Unix ms; null: there is none. */
  since: z.number().nullable(),
});
export type Summary = z.infer<typeof summarySchema>;

const SUMMARY = `SELECT
  (SELECT count(*) FROM services) AS services,
  (SELECT count(*) FROM projects) AS projects,
  (SELECT min(at) FROM (SELECT min(at) AS at FROM flips UNION ALL SELECT min(created_at) FROM projects)) AS since`;

/** Describes the hub that reads a backup. */
export interface Reader {
  hub_version: string;
  /** The names of its migrations. */
  migrations: readonly string[];
  hub_id: string | null;
}

export function writeLabel(database: DatabaseSync, label: Label): void {
  database.exec("BEGIN");
  database.exec(CREATE_TABLE);
  const { format, made_at, hub_version, hub_id, admin_token, federation, nats_bridge } = label;
  database
    .prepare("INSERT INTO hub_backup VALUES (?, ?, ?, ?, ?, ?, ?)")
    .run(format, made_at, hub_version, hub_id, admin_token, federation, nats_bridge);
  database.exec("COMMIT");
}

/** Throws an error that says why the database is no backup that this version can read. */
export function readLabel(database: DatabaseSync): Label {
  const known = database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'hub_backup'").get();
  if (known === undefined) throw new Error("it is no backup of a hub: it has no table hub_backup");
  const rows = database.prepare("SELECT * FROM hub_backup").all();
  const format = rows[0]?.format;
  if (typeof format === "number" && format > FORMAT) throw new Error(`it was made by a newer hub (format ${format})`);
  const label = labelSchema.safeParse(rows[0]);
  if (rows.length !== 1 || !label.success) throw new Error("its table hub_backup can't be read");
  return label.data;
}

/** Throws when the database is not a hub's. */
export function summaryOf(database: DatabaseSync): Summary {
  return summarySchema.parse(database.prepare(SUMMARY).get());
}

export function migrationsIn(database: DatabaseSync): string[] {
  const rows = database.prepare("SELECT name FROM d1_migrations ORDER BY name").all();
  return z
    .array(z.object({ name: z.string() }))
    .parse(rows)
    .map(({ name }) => name);
}

/** Returns why the backup is not for this hub; null: it is. `migrations`: those that the backup has. */
export function refusalOf(
  { hub_version, hub_id }: Pick<Label, "hub_version" | "hub_id">,
  migrations: readonly string[],
  reader: Reader,
): string | null {
  const unknown = migrations.find((name) => !reader.migrations.includes(name));
  if (isNewer(hub_version, reader.hub_version) || unknown !== undefined) {
    const migrated = unknown === undefined ? "" : ` with the migration ${unknown}`;
    return `it was made by a newer hub (${hub_version}${migrated}; this is ${reader.hub_version}): update this one first`;
  }
  if (hub_id === null || reader.hub_id === null || hub_id === reader.hub_id) return null;
  return `it is of the hub ${hub_id}, and this start would call it ${reader.hub_id}: add --var HUB_ID=${hub_id}`;
}

/** Compares the numbers of versions such as `0.10.2`. */
function isNewer(version: string, other: string): boolean {
  const [numbers, others] = [version, other].map((text) => text.split(/[-+]/)[0]?.split(".").map(Number) ?? []);
  for (const [index, number] of (numbers ?? []).entries()) {
    const known = others?.[index] ?? 0;
    if (number !== known) return number > known;
  }
  return false;
}
