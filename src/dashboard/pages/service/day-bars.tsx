/** One bar for each of the last 90 days; pointing at one, or walking to it by the arrow keys, says its uptime. */
import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, useMemo, useState } from "react";
import { daysQuery } from "../../api/queries.ts";
import { DAYS, dayBars, dayInWords, dayStatus, daysInFull, midnights } from "../../model/day-bars.ts";
import { useNow } from "../../ui/clock.ts";
import { QueryState } from "../../ui/notice.tsx";
import { Section } from "../../ui/page.tsx";
import { STATUS_FILL } from "../../ui/status-mark.tsx";

const BAR = { step: 10, width: 8, height: 30 };
const MINUTE_MS = 60_000;

/** `created`: when the service was created, Unix ms. */
export function DayBars({ id, created }: { id: number; created: number }) {
  const now = useNow(MINUTE_MS);
  const [today] = midnights(now, now, 1);
  const edges = useMemo(() => midnights(created, today ?? 0, DAYS), [created, today]);
  const { data, error, refetch } = useQuery(daysQuery(id, edges[0] ?? 0));
  const [chosen, setChosen] = useState<number | null>(null);
  const bars = useMemo(() => (data === undefined ? [] : dayBars(data.points, edges, data.to)), [data, edges]);
  const bar = chosen === null ? undefined : bars[chosen];
  const walk = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    setChosen(Math.min(bars.length - 1, Math.max(0, (chosen ?? bars.length) + step)));
  };
  return (
    <Section
      title="Last 90 days"
      beside={
        <span role="status" className="min-h-6 text-muted tabular-nums">
          {bar === undefined ? "" : dayInWords(bar, now)}
        </span>
      }
    >
      <QueryState query={{ data, error, refetch }} what="the days" rows={1} />
      <svg
        role="img"
        aria-label={data === undefined ? "Loading the days" : daysInFull(bars, now)}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys choose a day
        tabIndex={0}
        viewBox={`0 0 ${DAYS * BAR.step} ${BAR.height}`}
        preserveAspectRatio="none"
        className="h-9 w-full rounded focus-visible:outline-2 focus-visible:outline-accent"
        onKeyDown={walk}
        onFocus={() => setChosen((before) => before ?? bars.length - 1)}
        onPointerLeave={() => setChosen(null)}
        onBlur={() => setChosen(null)}
      >
        {bars.map((each, index) => {
          const status = dayStatus(each);
          return (
            <rect
              key={each.from}
              x={(DAYS - bars.length + index) * BAR.step}
              width={BAR.width}
              height={BAR.height}
              rx="1.5"
              className={`${status === null ? "fill-line" : STATUS_FILL[status]} ${index === chosen ? "opacity-60" : ""}`}
              onPointerEnter={() => setChosen(index)}
            >
              <title>{dayInWords(each, now)}</title>
            </rect>
          );
        })}
      </svg>
    </Section>
  );
}
