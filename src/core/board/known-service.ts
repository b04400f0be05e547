/** Services and projects as the live board knows them, in the form of the API, for when the database is away. */

import type { HealthMethod } from "../methods/index.ts";
import { projectHealth } from "../service/project-view.ts";
import type { Project, ServiceType, Status } from "../service/records.ts";
import { CHECK_FIELDS, pick } from "../service/service-definition.ts";
import type { ServiceRow } from "../service/service-row.ts";
import type { BoardEntry } from "./board-entry.ts";
import { countStatuses, type SummarisedProject } from "./summary.ts";

/** Each field limits the list; an absent field does not. */
export interface KnownFilter {
  /** Name or id. */
  project?: string | undefined;
  status?: Status | undefined;
  type?: ServiceType | undefined;
  method?: HealthMethod | undefined;
  q?: string | undefined;
}

/** The board holds no labels: tags, capabilities, metadata and dependencies are empty, and times of changes unknown. */
export function knownRow({ check, live }: BoardEntry): ServiceRow {
  const { service_id: id, project_id, project, lane, former_lanes, epoch, rev, version } = check;
  return {
    ...pick(check, CHECK_FIELDS),
    id,
    project_id,
    project,
    project_status: "running",
    epoch,
    rev,
    version,
    lane,
    lanes: [lane, ...former_lanes],
    unreadable: [...(check.unreadable ?? [])],
    port: null,
    container_id: null,
    tags: [],
    capabilities: [],
    metadata: {},
    depends_on: [],
    enabled: true,
    paused_until: null,
    gone_since: null,
    gone_reason: null,
    status: live.status,
    status_since: live.since,
    flip_seq: live.flip_seq,
    created_at: check.recorded_since,
    updated_at: check.recorded_since,
  };
}

/** Returns the entries that match, ordered by id. */
export function knownEntries(entries: readonly BoardEntry[], filter: KnownFilter): BoardEntry[] {
  const text = filter.q?.toLowerCase() ?? "";
  return entries
    .filter(({ check, live }) => {
      const { project, project_id, name, service_type, health_method } = check;
      if (filter.project !== undefined && ![project, String(project_id)].includes(filter.project)) return false;
      if (filter.status !== undefined && filter.status !== live.status) return false;
      if (filter.type !== undefined && filter.type !== service_type) return false;
      if (filter.method !== undefined && filter.method !== health_method) return false;
      return name.toLowerCase().includes(text) || project.toLowerCase().includes(text);
    })
    .toSorted((a, b) => a.check.service_id - b.check.service_id);
}

/** Returns the running projects that have a watched service, ordered by id. Only watched services are counted. */
export function knownProjects(entries: readonly BoardEntry[]): Project[] {
  const groups = [...Map.groupBy(entries, ({ check }) => check.project_id)].toSorted(([a], [b]) => a - b);
  return groups.map(([id, members]) => {
    const since = new Date(Math.min(...members.map(({ check }) => check.recorded_since))).toISOString();
    return {
      id,
      name: members[0]?.check.project ?? "",
      status: "running",
      health: projectHealth("running", countStatuses(members.map(({ live }) => live.status))),
      service_count: members.length,
      metadata: {},
      created_at: since,
      updated_at: since,
    };
  });
}

export function summarisedProjects(entries: readonly BoardEntry[]): SummarisedProject[] {
  return knownProjects(entries).map(({ id, name, status, service_count }) => ({ id, name, status, service_count }));
}
