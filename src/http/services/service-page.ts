/** A page of the list of services: from the database, or from what the live board knows. */
import type { BoardEntry } from "../../core/board/board-entry.ts";
import { type KnownFilter, knownEntries, knownRow } from "../../core/board/known-service.ts";
import { toService } from "../../core/board/service-view.ts";
import { type ShownService, shownService } from "../../core/board/shown-service.ts";
import { listServices, type Page, type ServiceFilter } from "../../store/registry/services.ts";
import type { HubContext } from "../context.ts";
import { nextCursor } from "../parameters.ts";
import { resolveProject } from "../projects/project-reference.ts";
import { toServices } from "./service-reads.ts";

/** `project`: name or id. */
type PageQuery = Omit<ServiceFilter, "project_id"> &
  Pick<Page, "limit"> & { cursor?: (Pick<Page, "after" | "total"> & { after: number }) | undefined };

interface ServicePage {
  services: ShownService[];
  next_cursor: string | null;
  total: number;
}

/** `mayWrite`: see toServices. */
export async function servicePage(hub: HubContext, query: PageQuery, mayWrite: boolean): Promise<ServicePage> {
  const { limit, cursor, project, ...filter } = query;
  const project_id = project === undefined ? undefined : await resolveProject(hub.db, project);
  const { rows, total } = await listServices(hub.db, { ...filter, project_id }, { limit, ...cursor });
  return { services: await toServices(hub, rows, mayWrite), next_cursor: nextCursor(rows, limit, total), total };
}

/** Returns null for a filter by what the board does not know. */
export function knownServicePage(
  entries: readonly BoardEntry[],
  query: PageQuery,
  { now, mayWrite }: Known,
): ServicePage | null {
  if (query.tag !== undefined || query.capability !== undefined) return null;
  const filter: KnownFilter = query;
  const matching = knownEntries(entries, filter);
  const after = query.cursor?.after ?? 0;
  const page = matching.filter(({ check }) => check.service_id > after).slice(0, query.limit);
  const services = page.map((entry) => serviceOf(entry, { now, mayWrite }));
  return { services, next_cursor: nextCursor(services, query.limit, matching.length), total: matching.length };
}

/** Returns null when the board does not know the service. */
export function knownService(entries: readonly BoardEntry[], id: number, known: Known): ShownService | null {
  const entry = entries.find(({ check }) => check.service_id === id);
  return entry === undefined ? null : serviceOf(entry, known);
}

interface Known {
  /** Unix ms. */
  now: number;
  mayWrite: boolean;
}

function serviceOf(entry: BoardEntry, { now, mayWrite }: Known): ShownService {
  return shownService(toService(knownRow(entry), entry.live, now), mayWrite);
}
