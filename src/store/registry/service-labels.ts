/** Reads the tags and metadata of services whose registration or status changed since a revision. */
import { asc, eq, gt, sql } from "drizzle-orm";
import type { Labels } from "../../core/board/service-labels.ts";
import type { RegistryState } from "../../core/federation/replication.ts";
import type { Db } from "../database.ts";
import { registry, serviceRevisions } from "../tables/federation-tables.ts";
import { projects, services } from "../tables/hub-tables.ts";
import { isWatched } from "./checks.ts";
import { stateOf } from "./registry-changes.ts";

export interface ChangedLabels {
  registry: RegistryState;
  /** In the order of their revisions. `labels`: null for a service that is not watched. */
  changes: { id: number; revision: number; labels: Labels | null }[];
  /** Whether there are more changes than these. */
  more: boolean;
}

/** Reads one page of changes as they are at one moment. `limit`: number of services on a page. */
export async function changedLabels(db: Db, since: number, limit: number): Promise<ChangedLabels> {
  const [states, rows] = await db.batch([
    db.select().from(registry),
    db
      .select({
        id: serviceRevisions.service_id,
        revision: serviceRevisions.revision,
        tags: services.tags,
        metadata: services.metadata,
        is_watched: sql<number>`(${isWatched}) IS TRUE`.as("is_watched"),
      })
      .from(serviceRevisions)
      .leftJoin(services, eq(services.id, serviceRevisions.service_id))
      .leftJoin(projects, eq(projects.id, services.project_id))
      .where(gt(serviceRevisions.revision, since))
      .orderBy(asc(serviceRevisions.revision))
      .limit(limit + 1),
  ]);
  const changes = rows.slice(0, limit).map(({ id, revision, tags, metadata, is_watched }) => {
    return { id, revision, labels: is_watched === 1 ? { tags: tags ?? [], metadata: metadata ?? {} } : null };
  });
  return { registry: stateOf(states), changes, more: rows.length > limit };
}
