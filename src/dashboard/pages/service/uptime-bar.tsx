import type { Flip } from "../../api/queries.ts";
import type { ServiceRow } from "../../live/service-row.ts";
import { axisTime, duration, exactTime } from "../../model/format.ts";
import { BY_CONCERN, STATUS_WORDS } from "../../model/status.ts";
import { statusPeriods, timeByStatus } from "../../model/status-periods.ts";
import { STATUS_FILL, StatusShape } from "../../ui/status-mark.tsx";

const WIDTH = 1_000;
const HEIGHT = 30;
/** Each period is at least this wide, so that a short outage is visible in a long span. */
const MIN_WIDTH = 3;

interface UptimeBarProps {
  flips: readonly Flip[];
  row: ServiceRow;
  window: { from: number; to: number };
  /** The window ends now, and not where somebody has picked it. */
  endsNow: boolean;
  /** When nobody watched. */
  unwatched: readonly { from: string; to: string }[];
}

export function UptimeBar({ flips, row, window, endsNow, unwatched }: UptimeBarProps) {
  const periods = statusPeriods(flips, row, window, unwatched);
  const span = window.to - window.from;
  const held = timeByStatus(periods);
  const x = (at: number) => ((at - window.from) / span) * WIDTH;
  return (
    <div className="flex flex-col gap-1.5">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        aria-hidden="true"
        className="h-7 w-full rounded"
      >
        {/* Good periods are drawn first, so that they do not cover a short outage. */}
        {[...periods]
          .sort((a, b) => BY_CONCERN.indexOf(b.status) - BY_CONCERN.indexOf(a.status))
          .map(({ status, from, to }) => (
            <rect
              key={from}
              x={Math.min(x(from), WIDTH - MIN_WIDTH)}
              width={Math.max(MIN_WIDTH, x(to) - x(from))}
              height={HEIGHT}
              className={STATUS_FILL[status]}
            >
              <title>{`${STATUS_WORDS[status]} for ${duration(to - from)}, from ${exactTime(from)}`}</title>
            </rect>
          ))}
      </svg>
      <div className="flex justify-between text-muted tabular-nums" aria-hidden="true">
        <span>{axisTime(window.from, span)}</span>
        <span>{endsNow ? "now" : axisTime(window.to, span)}</span>
      </div>
      <ul className="flex flex-wrap gap-x-5 gap-y-1">
        {BY_CONCERN.filter((status) => held.has(status)).map((status) => (
          <li key={status} className="inline-flex items-center gap-1.5">
            <StatusShape status={status} className="size-3" />
            {STATUS_WORDS[status]} {duration(held.get(status) ?? 0)}
          </li>
        ))}
      </ul>
    </div>
  );
}
