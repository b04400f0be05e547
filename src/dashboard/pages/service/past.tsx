/** The history of a service: an uptime bar, response times and uptime. The user chooses the span of time. */
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useMemo, useState } from "react";
import { historyQuery } from "../../api/queries.ts";
import { DATABASE_DELAY_MS } from "../../live/database-delay.ts";
import type { ServiceRow } from "../../live/service-row.ts";
import { failureCount, hasValues, SPANS, type Span, seriesOf } from "../../model/chart-series.ts";
import { count } from "../../model/format.ts";
import { Failure, Loading } from "../../ui/notice.tsx";
import { Section } from "../../ui/page.tsx";
import { UptimeBar } from "./uptime-bar.tsx";

const LatencyChart = lazy(async () => ({ default: (await import("./charts.tsx")).LatencyChart }));
const UptimeChart = lazy(async () => ({ default: (await import("./charts.tsx")).UptimeChart }));

const NAMES: readonly Span[] = ["1h", "24h", "7d", "30d"];

/** A service that is younger shows one hour at first, because a day would be mostly empty. */
const YOUNG_MS = 4 * SPANS["1h"].ms;

/** `created`: when the service was created, in Unix ms. */
export function Past({ row, created }: { row: ServiceRow; created: number }) {
  const [span, setSpan] = useState<Span>(() => (Date.now() - created < YOUNG_MS ? "1h" : "24h"));
  return (
    <Section title="Past" beside={<SpanSwitch span={span} choose={setSpan} />}>
      <History row={row} span={span} />
    </Section>
  );
}

function SpanSwitch({ span, choose }: { span: Span; choose(span: Span): void }) {
  return (
    <fieldset className="flex overflow-hidden rounded-md border border-edge">
      <legend className="sr-only">Span</legend>
      {NAMES.map((name) => (
        <button
          key={name}
          type="button"
          aria-pressed={span === name}
          title={SPANS[name].word}
          onClick={() => choose(name)}
          className="bg-surface px-3 py-1 text-muted hover:bg-raised aria-pressed:bg-raised aria-pressed:font-medium aria-pressed:text-ink"
        >
          {name}
        </button>
      ))}
    </fieldset>
  );
}

function History({ row, span }: { row: ServiceRow; span: Span }) {
  const { ms, points, word } = SPANS[span];
  const { data, error, refetch } = useQuery(historyQuery(row.id, ms, points));
  const isEmpty = data === undefined || !hasValues(seriesOf(data.points).p50);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the effect runs for each newer check
  useEffect(() => {
    if (!isEmpty && ms > SPANS["1h"].ms) return;
    const timer = setTimeout(() => void refetch(), DATABASE_DELAY_MS);
    return () => clearTimeout(timer);
  }, [row.last_at, isEmpty, ms, refetch]);
  const series = useMemo(() => (data === undefined ? null : seriesOf(data.points)), [data]);
  if (data === undefined || series === null) {
    return error === null ? (
      <Loading what="the past" rows={5} />
    ) : (
      <Failure error={error} retry={() => void refetch()} />
    );
  }
  const { checks, failures } = failureCount(data.points);
  return (
    <div className="card flex flex-col gap-5 px-4 py-4 sm:px-5">
      <UptimeBar flips={data.flips} row={row} window={data} unwatched={data.unwatched} />
      {hasValues(series.p50) ? (
        <Suspense fallback={<Loading what="the charts" rows={4} />}>
          <LatencyChart series={series} span={ms} />
          <UptimeChart series={series} span={ms} />
        </Suspense>
      ) : (
        <p className="py-6 text-center text-muted">No response time was measured in the last {word}.</p>
      )}
      <p className="text-muted">
        {count(checks, "check")} in the last {word}, {failures} failed.
      </p>
    </div>
  );
}
