/** Makes a page of changes of this hub's registry for another hub. */

import { toService } from "../board/service-view.ts";
import type { LiveState } from "../service/records.ts";
import type { ServiceRow } from "../service/service-row.ts";
import { targetHost } from "../service/target.ts";
import { type Introduction, PAGE_CHARS, type RemoteService, type SyncPage } from "./federation.ts";
import type { RegistryState } from "./replication.ts";

export interface Change {
  service_id: number;
  revision: number;
  /** null: the service is gone or not watched. */
  row: ServiceRow | null;
}

export interface PageParts {
  hubId: string;
  registry: RegistryState;
  full: boolean;
  /** In the order of their revisions. */
  changes: readonly Change[];
  /** Whether the registry has more changes than these. */
  more: boolean;
  hubs: Introduction[];
  live: ReadonlyMap<number, LiveState>;
  /** Unix ms. */
  now: number;
}

/** Takes as many changes as fit. */
export function syncPage(parts: PageParts): Omit<SyncPage, "mark"> {
  const { registry, full, changes } = parts;
  const services: RemoteService[] = [];
  const deleted: number[] = [];
  let chars = 0;
  let taken = 0;
  for (const { service_id, row } of changes) {
    if (chars > PAGE_CHARS) break;
    taken += 1;
    if (row === null) deleted.push(service_id);
    else services.push(toRemoteService(row, parts.live.get(service_id) ?? null, parts.now));
    chars += row === null ? 8 : JSON.stringify(services.at(-1)).length;
  }
  const next = parts.more || taken < changes.length ? (changes[taken - 1]?.revision ?? null) : null;
  const { epoch, revision } = registry;
  return { hub_id: parts.hubId, epoch, revision, full, services, deleted, hubs: parts.hubs, next };
}

/** `live`: null when the board does not know the service. `now`: Unix ms. */
export function toRemoteService(row: ServiceRow, live: LiveState | null, now: number): RemoteService {
  const service = toService(row, live, now);
  const { id, project, name, version, port, tags, capabilities, metadata, depends_on } = service;
  return {
    id,
    project,
    name,
    version,
    port,
    tags,
    capabilities,
    metadata,
    depends_on,
    type: service.service_type,
    address: targetHost(row.health_method, row.health_url),
    status: service.health_status,
    status_since: service.status_since,
    flip_seq: Math.max(row.flip_seq, live?.flip_seq ?? 0),
    latency_ms: service.health_details.latency_ms,
  };
}
