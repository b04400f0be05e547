/** The state of the federation, as /health and /metrics show it. */

import type { Peer } from "../board/live-protocol.ts";
import { type HubHealth, healthCheck } from "../hub/hub-health.ts";
import { gauge, type Metric } from "../hub/hub-metrics.ts";

/** A hub that others can't be heard by still does its own work, so this is only a warning. */
export function federationChecks(peers: readonly Peer[], now: number): HubHealth["checks"] {
  const trusted = peers.filter(isTrusted);
  if (trusted.length === 0) return {};
  const away = trusted.filter(({ status }) => status === "down" || status === "unknown").length;
  const output = away === 0 ? {} : { output: `${away} of ${trusted.length} other hubs can't be heard` };
  return { "federation:hubs": [healthCheck("component", away === 0 ? "pass" : "warn", now, output)] };
}

export function federationMetrics(peers: readonly Peer[]): Metric[] {
  const trusted = peers.filter(isTrusted);
  if (trusted.length === 0) return [];
  const samples = (value: (peer: Peer) => number | null) =>
    trusted.flatMap((peer) => {
      const measured = value(peer);
      return measured === null ? [] : [{ labels: { peer: peer.hub_id }, value: measured }];
    });
  return [
    gauge(
      "hub_peer_up",
      "1 when the other hub answers.",
      samples(({ status }) => Number(status === "up" || status === "degraded")),
    ),
    gauge(
      "hub_peer_lag_seconds",
      "Time since the other hub was last heard.",
      samples((peer) => peer.lag_seconds),
    ),
    gauge(
      "hub_peer_services",
      "Services of the other hub that are known here.",
      samples((peer) => peer.service_count),
    ),
  ];
}

const isTrusted = ({ status, source }: Peer): boolean => status !== "pending" && source !== "nats";
