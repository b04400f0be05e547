/** `npm start -- --restore FILE`: begins with what a backup has. */
import { HUB_VERSION } from "../../backup/label.ts";
import { restoreBackup } from "../../backup/restore-backup.ts";
import type { Clock } from "../../core/time/clock.ts";
import type { Project } from "./prepare.ts";
import { DATABASE_BINDING } from "./worker-options.ts";

interface RestorePlace {
  /** The state folder. */
  state: string;
  project: Project;
  hubId: string;
  io: { clock: Clock; err(line: string): void };
}

/** Says what was restored. Throws an error that says why it can't be. */
export async function restore(file: string, { state, project, hubId, io }: RestorePlace): Promise<void> {
  const { worker, migrations } = project;
  const database = worker.d1Databases[DATABASE_BINDING]?.id;
  if (database === undefined) throw new Error(`wrangler.toml has no database ${DATABASE_BINDING}`);
  const reader = { hub_version: HUB_VERSION, migrations: migrations.map(({ name }) => name), hub_id: hubId };
  const place = { state, database, worker: worker.name };
  const { services, made_at, hub_version, isOpen } = await restoreBackup({
    file,
    ...place,
    reader,
    now: io.clock.now(),
  });
  const made = `made ${new Date(made_at).toISOString()} by version ${hub_version}`;
  io.err(`restored ${hubId} from ${file}, ${made}: ${services} services`);
  io.err(
    "the hub that the backup was made of must not run beside this one: both have the same id, key and admin token",
  );
  if (isOpen) io.err(`${file} holds secrets and is open to others: chmod 600 ${file}`);
}
