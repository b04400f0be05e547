/** Other hubs in the form that the API and the sockets return. */

import type { Peer, RemoteFlip } from "../board/live-protocol.ts";
import type { Health, Status } from "../service/records.ts";
import { type Freshness, freshness, type HubSource, type KnownKey, type Trust } from "./federation.ts";

/** A hub as it is stored. Times in Unix ms. */
export interface StoredHub {
  hub_id: string;
  name: string | null;
  url: string | null;
  region: string | null;
  version: string | null;
  source: HubSource;
  trust: Trust;
  capabilities: string[];
  status: Status;
  status_since: number;
  error: string | null;
  overall_status: Health | null;
  service_count: number;
  latency_ms: number | null;
  last_heard_at: number | null;
  keys: KnownKey[];
}

/** The name of the newest key that counts; null: the hub has shown none. */
export function currentKey(keys: readonly KnownKey[]): string | null {
  return keys.find(({ used = true }) => used)?.kid ?? null;
}

/** `interval`: seconds between two pulls. `now`: Unix ms. */
export function toPeer(row: StoredHub, interval: number, now: number): Peer {
  const { hub_id, name, url, region, version, source, capabilities, overall_status, service_count } = row;
  const { last_heard_at, latency_ms, error } = row;
  const fresh = freshness(last_heard_at, interval, now);
  return {
    hub_id,
    name,
    url,
    region,
    version,
    source,
    capabilities,
    service_count,
    latency_ms,
    error,
    status: statusOf(row, fresh),
    status_since: new Date(row.status_since).toISOString(),
    overall_status: fresh === "stale" && overall_status === "healthy" ? "unknown" : overall_status,
    last_seen: last_heard_at === null ? null : new Date(last_heard_at).toISOString(),
    lag_seconds: last_heard_at === null ? null : Math.max(0, Math.round((now - last_heard_at) / 1_000)),
    freshness: fresh,
    key: currentKey(row.keys),
  };
}

/** A hub that is only heard of on NATS is up while it publishes. */
function statusOf({ trust, status }: StoredHub, fresh: Freshness): Peer["status"] {
  if (trust === "pending") return "pending";
  if (trust === "heard") return fresh === "live" ? "up" : "unknown";
  return status;
}

/** A service of another hub before and after news of it. */
export interface RemoteState {
  service_id: number;
  project: string;
  name: string;
  status: Status;
  flip_seq: number;
}

/** Returns the changes of status between what was known and what is told. What was not known has no change. */
export function remoteFlips(
  hubId: string,
  known: readonly RemoteState[],
  told: readonly (RemoteState & { at: string; reason: string | null })[],
): RemoteFlip[] {
  const before = new Map(known.map((state) => [state.service_id, state]));
  return told.flatMap(({ service_id, project, name, status, flip_seq, at, reason }) => {
    const from = before.get(service_id);
    if (from === undefined || from.status === status || flip_seq <= from.flip_seq) return [];
    return [{ hub_id: hubId, service_id, project, name, from: from.status, to: status, reason, at, flip_seq }];
  });
}
