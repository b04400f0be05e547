/** One service in a list or a grid: its status, response times, badges, and the time since its last change. */
import { memo, useMemo } from "react";
import { Link } from "wouter";
import type { ServiceRow } from "../../live/service-row.ts";
import { BADGES, type Badge, badgesOf } from "../../model/badges.ts";
import { latency } from "../../model/format.ts";
import { Elapsed } from "../../ui/ago.tsx";
import { CheckBars } from "../../ui/check-bars.tsx";
import { useNow } from "../../ui/clock.ts";
import { Sparkline } from "../../ui/sparkline.tsx";
import { STATUS_SOFT, StatusMark } from "../../ui/status-mark.tsx";

const BADGE_STEP_MS = 5_000;

interface ServiceHealthCardProps {
  row: ServiceRow;
  layout: "list" | "grid";
}

export const ServiceHealthCard = memo(function ServiceHealthCard({ row, layout }: ServiceHealthCardProps) {
  return layout === "list" ? <ListCard row={row} /> : <GridCard row={row} />;
});

function ListCard({ row }: { row: ServiceRow }) {
  return (
    <div className="relative grid h-full grid-cols-[1rem_minmax(0,1fr)_5rem_3.6rem] items-center gap-x-3 border-b border-line bg-surface px-3 hover:bg-raised sm:px-4 md:grid-cols-[6.6rem_minmax(0,1fr)_10rem_5rem_6.5rem] xl:grid-cols-[6.6rem_minmax(0,1fr)_6rem_10rem_5.5rem_5rem_6.5rem]">
      <StatusMark status={row.status} narrow />
      <div className="flex min-w-0 flex-col gap-x-3 md:flex-row md:items-center md:[&>a]:max-w-3/5 md:[&>a]:shrink-0">
        <Name row={row} />
        <Marks row={row} />
      </div>
      <span className="hidden truncate text-muted xl:block">{row.type}</span>
      <CheckBars past={row.past} />
      <span className="hidden xl:block">
        <Spark row={row} />
      </span>
      <span className="text-right tabular-nums">{latency(row.latency_ms)}</span>
      <span className="hidden truncate text-right text-muted tabular-nums md:block">
        <span className="sr-only">for </span>
        <Elapsed since={row.since} />
      </span>
    </div>
  );
}

function GridCard({ row }: { row: ServiceRow }) {
  return (
    <div className="card relative flex h-full flex-col justify-between gap-2 p-4 hover:bg-raised">
      <div className="flex items-start justify-between gap-3">
        <Name row={row} />
        <StatusMark status={row.status} soft />
      </div>
      <Marks row={row} />
      <div className="flex items-end justify-between gap-3">
        <span className="flex min-w-0 flex-col gap-1">
          <CheckBars past={row.past} />
          <Spark row={row} />
        </span>
        <div className="flex flex-col items-end tabular-nums">
          <span className="text-lg leading-tight font-semibold">{latency(row.latency_ms)}</span>
          <span className="text-muted">
            for <Elapsed since={row.since} />
          </span>
        </div>
      </div>
    </div>
  );
}

/** The link covers the whole card. */
function Name({ row }: { row: ServiceRow }) {
  return (
    <Link
      href={`/services/${row.id}`}
      data-walk=""
      className="flex min-w-0 items-baseline gap-x-2 after:absolute after:inset-0 focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-accent"
    >
      <span className="truncate font-medium">{row.name}</span>
      <span className="truncate text-muted">{row.project}</span>
    </Link>
  );
}

function Marks({ row }: { row: ServiceRow }) {
  const badges = badgesOf(row, useNow(BADGE_STEP_MS));
  const error = row.status === "up" ? null : (row.listed?.error ?? null);
  if (badges.length === 0 && error === null) return null;
  return (
    <span className="flex min-w-0 items-center gap-2">
      {badges.map((badge) => (
        <ServiceBadge key={badge} badge={badge} />
      ))}
      {error !== null && (
        <span className="truncate text-muted" title={error}>
          {error}
        </span>
      )}
    </span>
  );
}

export function ServiceBadge({ badge }: { badge: Badge }) {
  const { word, meaning } = BADGES[badge];
  const look = STATUS_SOFT[badge === "disabled" || badge === "gone" ? "unknown" : "degraded"];
  return (
    <span title={meaning} className={`relative z-10 shrink-0 rounded px-1.5 text-xs leading-5 font-medium ${look}`}>
      {word}
    </span>
  );
}

/** The response times of the last checks. */
function Spark({ row: { past } }: { row: ServiceRow }) {
  const values = useMemo(() => past?.checks.map(({ latency_ms }) => latency_ms) ?? [], [past]);
  return <Sparkline values={values} />;
}
