/** The part of wrangler.toml that is checked before a deployment. */

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
