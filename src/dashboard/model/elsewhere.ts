/** How the other hubs are, in one line: somebody who sees only this hub's services would take all for well. */
import type { Status } from "../../core/service/records.ts";
import type { Peer } from "../api/federation-queries.ts";
import { listed } from "./outage-sentence.ts";

/** The services that are down at one other hub. */
export interface DownAt {
  hub_id: string;
  /** Some of them. */
  names: readonly string[];
  /** Of all. */
  count: number;
}

export interface Elsewhere {
  status: Status;
  sentence: string;
  /** Number of services that are down at other hubs. */
  down: number;
}

/** Hubs that wait for approval count for nothing. */
const known = (peers: readonly Peer[]) => peers.filter(({ status }) => status !== "pending");

/** Hubs of which the names of services that are down are wanted. */
export function hubsWithDown(peers: readonly Peer[]): string[] {
  return known(peers)
    .filter(({ overall_status, freshness }) => overall_status === "unhealthy" && freshness === "live")
    .map(({ hub_id }) => hub_id);
}

/** Returns null when this hub knows no other. */
export function elsewhere(peers: readonly Peer[], downAt: readonly DownAt[]): Elsewhere | null {
  const hubs = known(peers);
  if (hubs.length === 0) return null;
  const silent = hubs.filter(({ freshness }) => freshness === "stale").map(({ hub_id }) => hub_id);
  const degraded = hubs.filter(
    ({ overall_status, freshness }) => overall_status === "degraded" && freshness === "live",
  );
  const untold = hubsWithDown(hubs).filter((id) => !downAt.some(({ hub_id }) => hub_id === id));
  const down = downAt.reduce((sum, { count }) => sum + count, 0);
  const parts = [
    ...downAt.map(
      ({ hub_id, names, count }) => `${listed(names, count)} of ${hub_id} ${count === 1 ? "is" : "are"} down`,
    ),
    ...(untold.length === 0 ? [] : [`something is down at ${listed(untold, untold.length)}`]),
    ...(degraded.length === 0 ? [] : [`${listed(ids(degraded), degraded.length)}: something is degraded`]),
    ...(silent.length === 0 ? [] : [`nothing is heard of ${listed(silent, silent.length)}`]),
  ];
  const status =
    down > 0 || untold.length > 0 ? "down" : degraded.length > 0 ? "degraded" : silent.length > 0 ? "unknown" : "up";
  if (parts.length > 0) return { status, down, sentence: `Elsewhere: ${parts.join("; ")}.` };
  const services = hubs.reduce((sum, { service_count }) => sum + service_count, 0);
  const unknown = hubs.some(({ overall_status }) => overall_status !== "healthy");
  const rest = unknown ? "nothing is down" : `all ${services} services are up`;
  return {
    status: unknown ? "unknown" : "up",
    down,
    sentence: `Elsewhere, at ${listed(ids(hubs), hubs.length)}: ${rest}.`,
  };
}

function ids(hubs: readonly Peer[]): string[] {
  return hubs.map(({ hub_id }) => hub_id);
}
