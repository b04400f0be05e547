/** The history of a service: an uptime bar, response times and uptime. The user chooses the part of the past. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useCallback, useMemo, useState } from "react";
import { useLocation, useSearch } from "wouter";
import { type History as HistoryData, historyQuery } from "../../api/queries.ts";
import {
  fieldTime,
  lengthOf,
  parseWindow,
  rangeBetween,
  SPANS,
  type Span,
  type TimeWindow,
  timesOf,
  windowSearch,
} from "../../api/time-window.ts";
import { useAfterChange } from "../../live/after-change.ts";
import type { ServiceRow } from "../../live/service-row.ts";
import { failureCount, hasValues, seriesOf, shownCharts } from "../../model/chart-series.ts";
import { count, duration } from "../../model/format.ts";
import { statusPeriods } from "../../model/status-periods.ts";
import { Loading, QueryState } from "../../ui/notice.tsx";
import { Section } from "../../ui/page.tsx";
import type { ChartEvents } from "./charts.tsx";
import { UptimeBar } from "./uptime-bar.tsx";

const LatencyChart = lazy(async () => ({ default: (await import("./charts.tsx")).LatencyChart }));
const UptimeChart = lazy(async () => ({ default: (await import("./charts.tsx")).UptimeChart }));

const NAMES: readonly Span[] = ["1h", "24h", "7d", "30d"];

/** A service that is younger shows one hour at first, because a day would be mostly empty. */
const YOUNG_MS = 4 * SPANS["1h"].ms;

/** `created`: when the service was created, in Unix ms. */
export function Past({ row, created }: { row: ServiceRow; created: number }) {
  const [window, setWindow] = useWindow(created);
  return (
    <Section title="History" beside={<SpanSwitch window={window} choose={setWindow} />}>
      {window.kind === "range" && <RangePicker window={window} choose={setWindow} />}
      <History row={row} window={window} choose={setWindow} />
    </Section>
  );
}

/** The address says which part is shown, so that a link shows the same. */
function useWindow(created: number): [TimeWindow, (window: TimeWindow) => void] {
  const [young] = useState(() => Date.now() - created < YOUNG_MS);
  const search = useSearch();
  const [path, go] = useLocation();
  const window = useMemo(
    () =>
      parseWindow(search, Date.now()) ?? { kind: "last" as const, span: young ? ("1h" as const) : ("24h" as const) },
    [search, young],
  );
  const choose = useCallback(
    (next: TimeWindow) => go(`${path}?${windowSearch(search, next)}`, { replace: true }),
    [path, search, go],
  );
  return [window, choose];
}

interface WindowProps {
  window: TimeWindow;
  choose(window: TimeWindow): void;
}

const SPAN_BUTTON =
  "bg-surface px-3 py-1 text-muted hover:bg-raised aria-pressed:bg-raised aria-pressed:font-medium aria-pressed:text-ink";

function SpanSwitch({ window, choose }: WindowProps) {
  const pick = () => {
    const { from, to } = timesOf(window, Date.now());
    choose({ kind: "range", from, to });
  };
  return (
    <fieldset className="flex overflow-hidden rounded-md border border-edge">
      <legend className="sr-only">Span</legend>
      {NAMES.map((name) => (
        <button
          key={name}
          type="button"
          aria-pressed={window.kind === "last" && window.span === name}
          title={SPANS[name].word}
          onClick={() => choose({ kind: "last", span: name })}
          className={SPAN_BUTTON}
        >
          {name}
        </button>
      ))}
      <button type="button" aria-pressed={window.kind === "range"} onClick={pick} className={SPAN_BUTTON}>
        Range
      </button>
    </fieldset>
  );
}

/** Dragging over a chart picks a range as well. */
function RangePicker({ window, choose }: WindowProps & { window: { from: number; to: number } }) {
  const change = (from: string | number, to: string | number) => {
    const range = rangeBetween(new Date(from).getTime(), new Date(to).getTime(), Date.now());
    if (range !== null) choose(range);
  };
  return (
    <div className="flex flex-wrap items-end gap-3">
      <label className="flex flex-col gap-1">
        From
        <input
          type="datetime-local"
          className="field"
          value={fieldTime(window.from)}
          max={fieldTime(window.to)}
          onChange={(event) => change(event.target.value, window.to)}
        />
      </label>
      <label className="flex flex-col gap-1">
        To
        <input
          type="datetime-local"
          className="field"
          value={fieldTime(window.to)}
          max={fieldTime(Date.now())}
          onChange={(event) => change(window.from, event.target.value)}
        />
      </label>
    </div>
  );
}

function History({ row, window, choose }: WindowProps & { row: ServiceRow }) {
  const { data, error, refetch } = useQuery({ ...historyQuery(row.id, window), placeholderData: keepPreviousData });
  const isEmpty = data === undefined || !hasValues(seriesOf(data.points).p50);
  const isLive = window.kind === "last" && (isEmpty || lengthOf(window) <= SPANS["1h"].ms);
  useAfterChange(row.last_at, () => {
    if (isLive) void refetch();
  });
  const series = useMemo(() => (data === undefined ? null : seriesOf(data.points)), [data]);
  const events = useEvents(data, row, choose);
  if (data === undefined || series === null || events === null) {
    return <QueryState query={{ error, refetch }} what="the past" rows={5} />;
  }
  const isBeating = row.listed?.method === "heartbeat";
  const shown = shownCharts(series, row.listed?.method ?? null);
  const { checks, failures } = failureCount(data.points);
  const span = data.to - data.from;
  const when = window.kind === "last" ? `in the last ${SPANS[window.span].word}` : `in these ${duration(span)}`;
  return (
    <div className="card flex flex-col gap-5 px-4 py-4 sm:px-5">
      <UptimeBar
        flips={data.flips}
        row={row}
        window={data}
        endsNow={window.kind === "last"}
        unwatched={data.unwatched}
      />
      <Suspense fallback={<Loading what="the charts" rows={4} />}>
        {shown.latency && <LatencyChart series={series} events={events} />}
        {shown.uptime && <UptimeChart series={series} events={events} />}
      </Suspense>
      {!shown.latency && !isBeating && (
        <p className="py-6 text-center text-muted">No response time was measured {when}.</p>
      )}
      <p className="text-muted">
        {count(checks, "check")} {when}, {failures} failed.
      </p>
    </div>
  );
}

/** Returns null until the history is loaded. */
function useEvents(
  data: (Pick<HistoryData, "flips" | "unwatched"> & { from: number; to: number }) | undefined,
  { status, since }: ServiceRow,
  choose: (window: TimeWindow) => void,
): ChartEvents | null {
  return useMemo(() => {
    if (data === undefined) return null;
    return {
      periods: statusPeriods(data.flips, { status, since }, data, data.unwatched),
      flips: data.flips.map((flip) => Date.parse(flip.at)),
      zoom(from, to) {
        const range = rangeBetween(from, to, Date.now());
        if (range !== null) choose(range);
      },
    };
  }, [data, status, since, choose]);
}
