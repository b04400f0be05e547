/** The figures of a service: only those that say something of it. */
import type { HealthMethod } from "../../core/methods/index.ts";
import type { ServiceHealth } from "../api/queries.ts";
import type { ServiceRow } from "../live/service-row.ts";
import { latency, percent, timeOfDay } from "./format.ts";

export interface Figure {
  name: string;
  value: string;
}

const HOUR_MS = 3_600_000;
const PERIODS = [
  { key: "24h", name: "Uptime, 24 h", ms: 24 * HOUR_MS },
  { key: "7d", name: "Uptime, 7 days", ms: 7 * 24 * HOUR_MS },
  { key: "30d", name: "Uptime, 30 days", ms: 30 * 24 * HOUR_MS },
] as const;

interface Known {
  method: HealthMethod;
  /** Unix ms. */
  created: number;
  row: Pick<ServiceRow, "status" | "latency_ms">;
  /** Undefined until it has been read. */
  health: ServiceHealth | undefined;
}

export function figuresOf(known: Known, now: number): Figure[] {
  return [...responseFigures(known), ...uptimeFigures(known, now), ...failureFigure(known)];
}

/** A heartbeat calls in by itself, so there is nothing that could be slow. */
function responseFigures({ method, row, health }: Known): Figure[] {
  if (method === "heartbeat") return [];
  const { p50 = null, p95 = null, p99 = null } = health?.latency ?? {};
  return [
    { name: "Response now", value: latency(row.latency_ms) },
    { name: "Median, 24 h", value: latency(p50) },
    { name: "95th percentile", value: latency(p95) },
    { name: "99th percentile", value: latency(p99) },
  ];
}

/** A service that is younger than a period has one figure in place of that and all longer ones. */
function uptimeFigures({ created, health }: Known, now: number): Figure[] {
  const whole = PERIODS.filter(({ ms }) => now - created >= ms);
  const [partly] = PERIODS.slice(whole.length);
  return [
    ...whole.map(({ key, name }) => ({ name, value: percent(health?.uptime[key] ?? null) })),
    ...(partly === undefined
      ? []
      : [{ name: `Uptime since ${timeOfDay(created, now)}`, value: percent(health?.uptime[partly.key] ?? null) }]),
  ];
}

function failureFigure({ method, row, health }: Known): Figure[] {
  const failures = health?.consecutive_failures ?? 0;
  const isFailing = row.status === "down" || row.status === "degraded";
  if (method === "heartbeat" || !isFailing || failures === 0) return [];
  return [{ name: "Failures in a row", value: String(failures) }];
}
