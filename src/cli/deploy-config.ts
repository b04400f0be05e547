/** `npm run deploy` needs a copy of wrangler.toml in dist/ that has the real id of the database. */
import type { ObjectMigration } from "./deployed-config.ts";

const NO_DATABASE = "00000000-0000-0000-0000-000000000000";

/** The path of the copy, relative to the checkout. */
export const DEPLOY_CONFIG = "dist/wrangler.deploy.toml";

/** Returns the text of the copy, with paths relative to dist/. Throws when wrangler.toml lacks a line to change. */
export function deployConfig(toml: string, databaseId: string): string {
  const changes: [key: string, change: (value: string) => string][] = [
    ["main", (path) => `../${path}`],
    ["directory", (path) => `../${path}`],
    ["migrations_dir", (path) => `../${path}`],
    ["database_id", (id) => (id === NO_DATABASE ? databaseId : id)],
  ];
  return changes.reduce((text, [key, change]) => {
    const line = new RegExp(`^${key} = "([^"]*)"$`, "gm");
    if ([...text.matchAll(line)].length !== 1) throw new Error(`wrangler.toml: expected one line ${key} = "…"`);
    return text.replace(line, (_line, value: string) => `${key} = "${change(value)}"`);
  }, toml);
}

/** Returns the text of a configuration with this migration of Durable Objects only. */
export function withOneMigration(toml: string, { tag, new_sqlite_classes = [] }: ObjectMigration): string {
  const others = toml.replace(/(^#[^\n]*\n)*^\[\[migrations\]\]\n([^[\n][^\n]*\n?|\n)*/gm, "");
  const classes = new_sqlite_classes.map((name) => JSON.stringify(name)).join(", ");
  return `${others.trimEnd()}\n\n[[migrations]]\ntag = ${JSON.stringify(tag)}\nnew_sqlite_classes = [${classes}]\n`;
}

interface Resources {
  database: string;
  queues: string[];
}

/** Returns the resources that must exist before the Worker is deployed. A dead-letter queue comes before its queue. */
export function neededResources(config: {
  d1_databases: { database_name?: string | undefined }[];
  queues: {
    producers?: { queue: string }[] | undefined;
    consumers?: { queue: string; dead_letter_queue?: string | undefined }[] | undefined;
  };
}): Resources {
  const database = config.d1_databases[0]?.database_name;
  if (database === undefined) throw new Error("wrangler.toml: expected a D1 database with a database_name");
  const { producers = [], consumers = [] } = config.queues;
  const dead = consumers.flatMap((consumer) => consumer.dead_letter_queue ?? []);
  const live = [...producers, ...consumers].map(({ queue }) => queue);
  return { database, queues: [...new Set([...dead, ...live])] };
}
