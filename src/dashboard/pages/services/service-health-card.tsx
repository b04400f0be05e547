/** One service in a list or a grid: its status, response times, badges, and the time since its last change. */
import { memo, useMemo } from "react";
import { Link } from "wouter";
import type { Days } from "../../live/days.ts";
import type { ServiceRow } from "../../live/service-row.ts";
import { BADGES, type Badge, badgesOf } from "../../model/badges.ts";
import { latency } from "../../model/format.ts";
import { reasonNow } from "../../model/reason-now.ts";
import { Elapsed } from "../../ui/ago.tsx";
import { CheckBars } from "../../ui/check-bars.tsx";
import { useNow } from "../../ui/clock.ts";
import { Sparkline } from "../../ui/sparkline.tsx";
import { STATUS_SOFT, StatusMark } from "../../ui/status-mark.tsx";
import { UptimeBars } from "../../ui/uptime-bars.tsx";

const BADGE_STEP_MS = 5_000;

interface ServiceHealthCardProps {
  row: ServiceRow;
  layout: "list" | "grid";
  /** Null: not loaded; undefined: the list has no column for them. */
  days?: Days | null | undefined;
}

export const ServiceHealthCard = memo(function ServiceHealthCard({ row, layout, days }: ServiceHealthCardProps) {
  return layout === "list" ? <ListCard row={row} days={days} /> : <GridCard row={row} />;
});

/** Of the list's rows and their headings. */
const COLUMNS =
  "grid grid-cols-[1rem_minmax(0,1fr)_3rem_3.6rem] gap-x-3 px-3 sm:px-4 md:grid-cols-[6.6rem_minmax(0,1fr)_10rem_5rem_6.5rem] xl:grid-cols-[6.6rem_minmax(0,1fr)_6rem_10rem_5.5rem_5rem_6.5rem]";
/** With the days of 90 bars. */
const WITH_DAYS = "2xl:grid-cols-[6.6rem_minmax(0,1fr)_6rem_10rem_270px_5.5rem_5rem_6.5rem]";

/** Each row says what its columns are to those who do not see the headings. */
export function ListHeadings({ withDays }: { withDays: boolean }) {
  return (
    <div
      aria-hidden="true"
      className={`${COLUMNS} ${withDays ? WITH_DAYS : ""} border-b border-line py-1.5 text-xs text-muted max-md:hidden`}
    >
      <span>Status</span>
      <span>Service</span>
      <span className="hidden xl:block">Type</span>
      <span className="text-right">Last checks</span>
      {withDays && <span title="Days in UTC">Last 90 days</span>}
      <span className="hidden xl:block">Response times</span>
      <span className="text-right">Response</span>
      <span className="text-right">For</span>
    </div>
  );
}

function ListCard({ row, days }: Omit<ServiceHealthCardProps, "layout">) {
  return (
    <div
      className={`${COLUMNS} ${days === undefined ? "" : WITH_DAYS} relative h-full content-center items-center border-b border-line bg-surface hover:bg-raised`}
    >
      <StatusMark status={row.status} narrow />
      {/* Where it is narrow, the reason has a line of its own over all columns. */}
      <div className="min-w-0 max-md:contents md:flex md:flex-col md:gap-0.5">
        <span className="flex min-w-0 items-center gap-2">
          <Name row={row} />
          <Badges row={row} />
        </span>
        <span className="flex min-w-0 max-md:order-last max-md:col-span-3 max-md:col-start-2">
          <Reason row={row} />
        </span>
      </div>
      <span className="hidden truncate text-muted xl:block">{row.type}</span>
      <CheckBars past={row.past} />
      {days !== undefined && <UptimeBars days={days} />}
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
    <div className="card relative flex h-full flex-col justify-between gap-1.5 p-4 hover:bg-raised">
      <div className="flex items-start justify-between gap-3">
        <Name row={row} wraps />
        <StatusMark status={row.status} soft />
      </div>
      <span className="flex min-w-0 items-center gap-2">
        <Badges row={row} />
        <Reason row={row} />
      </span>
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

/** The link covers the whole card. The name is cut last: where there is little room, the project gives way first. */
function Name({ row, wraps = false }: { row: ServiceRow; wraps?: boolean }) {
  return (
    <Link
      href={`/services/${row.id}`}
      data-walk=""
      className={`flex min-w-0 gap-x-2 after:absolute after:inset-0 focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-accent ${wraps ? "flex-col" : "items-baseline"}`}
    >
      <span
        data-name=""
        title={row.name}
        className={wraps ? "line-clamp-2 font-medium wrap-anywhere" : "max-w-full shrink-0 truncate font-medium"}
      >
        {row.name}
      </span>
      <span className="min-w-0 truncate text-muted" title={row.project}>
        {row.project}
      </span>
    </Link>
  );
}

function Badges({ row }: { row: ServiceRow }) {
  const badges = badgesOf(row, useNow(BADGE_STEP_MS));
  return badges.map((badge) => <ServiceBadge key={badge} badge={badge} />);
}

/** Why it is not up; of one that is, the target. */
function Reason({ row: { status, listed, last_at } }: { row: ServiceRow }) {
  const now = useNow(BADGE_STEP_MS);
  const error = status === "up" ? null : (listed?.error ?? null);
  const text = error === null ? (listed?.url ?? "") : reasonNow(error, last_at, now);
  return (
    <span className="min-h-5 min-w-0 truncate text-sm text-muted" title={text}>
      {text}
    </span>
  );
}

const UNWATCHED: readonly Badge[] = ["stopped", "paused", "disabled", "gone"];

export function ServiceBadge({ badge }: { badge: Badge }) {
  const { word, meaning } = BADGES[badge];
  const look = STATUS_SOFT[UNWATCHED.includes(badge) ? "unknown" : "degraded"];
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
