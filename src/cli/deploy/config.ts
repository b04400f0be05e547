/** `npm run deploy` deploys a copy of wrangler.toml that knows the real id of the database and where the hub is. */
import { isAbsolute, join } from "node:path";
import { z } from "zod";
import { placementRegion } from "../../core/hub/nearness.ts";

export interface ObjectMigration {
  tag: string;
  new_classes?: string[] | undefined;
  new_sqlite_classes?: string[] | undefined;
  renamed_classes?: { from: string; to: string }[] | undefined;
  deleted_classes?: string[] | undefined;
}

interface QueueConsumer {
  queue: string;
  dead_letter_queue?: string | undefined;
}

/** The part of wrangler.toml that is checked, as wrangler reads it. */
export interface DeployedConfig {
  compatibility_date?: string | undefined;
  compatibility_flags: string[];
  vars: object;
  triggers: { crons?: string[] | undefined };
  d1_databases: { binding: string }[];
  durable_objects: { bindings: { name: string; class_name: string }[] };
  queues: { producers?: { binding: string; queue: string }[] | undefined; consumers?: QueueConsumer[] | undefined };
  ratelimits: { name: string }[];
  migrations: ObjectMigration[];
}

const NO_DATABASE = "00000000-0000-0000-0000-000000000000";

/** The path of the copy, relative to the checkout. */
export const DEPLOY_CONFIG = "dist/wrangler.deploy.json";

/** A configuration as it is written, without the values that wrangler gives to what is not. */
export const rawConfigSchema = z.looseObject({
  main: z.string(),
  assets: z.looseObject({ directory: z.string() }),
  d1_databases: z
    .array(
      z.looseObject({ database_id: z.string().default(NO_DATABASE), migrations_dir: z.string().default("migrations") }),
    )
    .min(1),
  placement: z.looseObject({ region: z.string().optional() }).optional(),
  vars: z.record(z.string(), z.unknown()).default({}),
});
export type RawConfig = z.infer<typeof rawConfigSchema>;

/** Returns the copy, with paths relative to dist/. HUB_REGION is the Worker's place, too, unless wrangler.toml has one. */
export function deployConfig(raw: RawConfig, databaseId: string): RawConfig {
  const { main, assets, d1_databases, vars } = raw;
  const region = placementRegion(vars.HUB_REGION);
  return {
    ...raw,
    main: fromDist(main),
    assets: { ...assets, directory: fromDist(assets.directory) },
    d1_databases: d1_databases.map((database) => ({
      ...database,
      database_id: database.database_id === NO_DATABASE ? databaseId : database.database_id,
      migrations_dir: fromDist(database.migrations_dir),
    })),
    ...(raw.placement === undefined && region !== null ? { placement: { region } } : {}),
  };
}

/** Returns the configuration with this migration of Durable Objects only. */
export function withOneMigration(config: RawConfig, migration: ObjectMigration): RawConfig {
  return { ...config, migrations: [migration] };
}

function fromDist(path: string): string {
  return isAbsolute(path) ? path : join("..", path);
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
