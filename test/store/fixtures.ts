/** A migrated database and the records that the tests put into it. */
import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { OutcomesMessage, RoundResult } from "../../src/core/lane/queue-messages.ts";
import type { Status } from "../../src/core/service/records.ts";
import { STATUSES } from "../../src/core/service/records.ts";
import type { ServiceInput } from "../../src/core/service/service-definition.ts";
import type { ProjectRow, ServiceRow } from "../../src/core/service/service-row.ts";
import type { Flip, RecordedFlip } from "../../src/core/status/recorded-flip.ts";
import { type Db, openDatabase } from "../../src/store/database.ts";
import { createProject } from "../../src/store/registry/projects.ts";
import { createService } from "../../src/store/registry/services.ts";
import { NOW, serviceInput } from "./service-input.ts";

export { NOW, serviceInput };

export const HOUR = 3_600_000;

export async function migratedDatabase(): Promise<Db> {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
  return openDatabase(env.DB);
}

export async function addProject(db: Db, name: string): Promise<ProjectRow> {
  const project = await createProject(db, { name, metadata: {}, now: NOW });
  if (project === "duplicate") throw new Error(`there is a project ${name}`);
  return project;
}

export async function addService(
  db: Db,
  project: ProjectRow,
  fields: Partial<ServiceInput> & { name: string },
): Promise<ServiceRow> {
  const row = await createService(db, project.id, serviceInput(fields), NOW);
  if (row === "duplicate") throw new Error(`there is a service ${fields.name}`);
  return row;
}

const iso = (time: number) => new Date(time).toISOString();

export function flipOf(
  row: ServiceRow,
  seq: number,
  from: Status,
  to: Status,
  at: number,
  began_at = at,
): RecordedFlip {
  const { id: service_id, project_id, project, name, service_type } = row;
  const evidence = [{ at: iso(began_at), vantage: "home", ok: to !== "down", latency_ms: 3, error: null }];
  const flip: Flip = { seq, service_id, from, to, reason: `now ${to}`, at: iso(at), began_at: iso(began_at), evidence };
  return { ...flip, epoch: row.epoch, project_id, project, name, service_type, version: null, latency_ms: 3 };
}

export function result(
  row: Pick<ServiceRow, "id">,
  { verdict = 1, status = "up", latency = 10 as number | null, error = null as string | null, extra = null } = {},
): RoundResult {
  return [row.id, verdict, STATUSES.indexOf(status as Status), latency, error, extra];
}

export function message(
  lane: number,
  due_at: number,
  results: RoundResult[],
  more: { attempt?: number; vantage?: string; flips?: RecordedFlip[]; versions?: OutcomesMessage["versions"] } = {},
): OutcomesMessage {
  const { attempt = 0, vantage = "home", flips = [], versions = [] } = more;
  const started_at = due_at + attempt * 1_000;
  return { round: { lane, due_at, attempt }, epoch: "", vantage, started_at, results, flips, versions };
}

/** A database that tells how many rows the last batch wrote. */
export function countingDatabase(): { db: Db; rowsWritten(): number } {
  let written = 0;
  const d1 = new Proxy(env.DB, {
    get(target, name) {
      if (name !== "batch") return Reflect.get(target, name).bind(target);
      return async (statements: D1PreparedStatement[]) => {
        const results = await target.batch(statements);
        written = results.reduce((sum, { meta }) => sum + meta.rows_written, 0);
        return results;
      };
    },
  });
  return { db: openDatabase(d1), rowsWritten: () => written };
}
