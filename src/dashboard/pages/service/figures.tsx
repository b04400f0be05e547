import type { ReactNode } from "react";
import type { ServiceHealth } from "../../api/queries.ts";
import type { ServiceRow } from "../../live/service-row.ts";
import { latency, percent } from "../../model/format.ts";

/** Shows the response times and uptime of a service as numbers. */
export function Figures({ row, health }: { row: ServiceRow; health: ServiceHealth | undefined }) {
  const { uptime, latency: quantiles } = health ?? {};
  return (
    <dl className="grid grid-cols-2 gap-3 sm:grid-cols-4">
      <Figure name="Response now">{latency(row.latency_ms)}</Figure>
      <Figure name="Median, 24 h">{latency(quantiles?.p50 ?? null)}</Figure>
      <Figure name="95th percentile">{latency(quantiles?.p95 ?? null)}</Figure>
      <Figure name="99th percentile">{latency(quantiles?.p99 ?? null)}</Figure>
      <Figure name="Uptime, 24 h">{percent(uptime?.["24h"] ?? null)}</Figure>
      <Figure name="Uptime, 7 days">{percent(uptime?.["7d"] ?? null)}</Figure>
      <Figure name="Uptime, 30 days">{percent(uptime?.["30d"] ?? null)}</Figure>
      <Figure name="Failures in a row">{health?.consecutive_failures ?? "–"}</Figure>
    </dl>
  );
}

function Figure({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="card flex flex-col-reverse gap-0.5 px-4 py-3">
      <dt className="text-muted">{name}</dt>
      <dd className="text-xl font-semibold tabular-nums">{children}</dd>
    </div>
  );
}
