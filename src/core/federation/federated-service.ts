/** A service of any hub of the federation, as the API returns it. */

import { type CurrentState, isWatched } from "../board/service-view.ts";
import type { ServiceType, Status } from "../service/records.ts";
import { pick } from "../service/service-definition.ts";
import type { ServiceRow } from "../service/service-row.ts";
import { targetHost } from "../service/target.ts";
import { type Freshness, isHealthy } from "./federation.ts";

/** A service, as people and programs that look for it need to know it. */
interface Description {
  project: string;
  name: string;
  service_type: ServiceType;
  version: string | null;
  port: number | null;
  tags: string[];
  capabilities: string[];
  metadata: Record<string, unknown>;
  depends_on: string[];
}
const DESCRIPTION = [
  ...(["project", "name", "service_type", "version", "port"] as const),
  ...(["tags", "capabilities", "metadata", "depends_on"] as const),
];

export interface FederatedService extends Description {
  hub_id: string;
  /** The id that the service has at its own hub. */
  id: number;
  /** Host of the target; null: it has none. */
  address: string | null;
  health_status: Status;
  status_since: string;
  latency_ms: number | null;
  freshness: Freshness;
  /** When this hub last heard of it; null: never. */
  last_heard_at: string | null;
  /** Whether it can be used: `up` or `degraded`, and not stale. */
  healthy: boolean;
}

export interface RemoteRow extends Description {
  hub_id: string;
  service_id: number;
  address: string | null;
  status: Status;
  status_since: number;
  latency_ms: number | null;
}

/** `fresh` and `lastHeardAt` (Unix ms): of the hub. */
export function ofRemote(row: RemoteRow, fresh: Freshness, lastHeardAt: number | null): FederatedService {
  const { hub_id, service_id: id, address, status, status_since, latency_ms } = row;
  return {
    hub_id,
    id,
    ...pick(row, DESCRIPTION),
    address,
    health_status: status,
    status_since: new Date(status_since).toISOString(),
    latency_ms,
    freshness: fresh,
    last_heard_at: lastHeardAt === null ? null : new Date(lastHeardAt).toISOString(),
    healthy: isHealthy(status, fresh),
  };
}

/** A service of this hub. */
export function ofOwn(hub_id: string, row: ServiceRow, state: CurrentState): FederatedService {
  const fresh = state.stale ? "stale" : "live";
  return {
    hub_id,
    id: row.id,
    ...pick(row, DESCRIPTION),
    address: targetHost(row.health_method, row.health_url),
    health_status: state.status,
    status_since: new Date(state.since).toISOString(),
    latency_ms: state.latency_ms,
    freshness: fresh,
    last_heard_at: state.last_at === null ? null : new Date(state.last_at).toISOString(),
    healthy: isWatched(row) && isHealthy(state.status, fresh),
  };
}
