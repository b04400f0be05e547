/** Charts of what checks measured beside the response time; nothing when they measured nothing. */
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useMemo } from "react";
import { measurementsQuery } from "../../api/queries.ts";
import { SPANS } from "../../api/time-window.ts";
import { byImportance, measureOf } from "../../model/measurements.ts";
import { Loading } from "../../ui/notice.tsx";
import { Section } from "../../ui/page.tsx";

const MeasureChart = lazy(async () => ({ default: (await import("./charts.tsx")).MeasureChart }));

const SPAN = SPANS["24h"];

export function Measured({ id }: { id: number }) {
  const { data } = useQuery(measurementsQuery(id, SPAN.ms, SPAN.points));
  const at = useMemo(() => data?.at.map((time) => Date.parse(time)) ?? [], [data]);
  if (data === undefined || data.series.length === 0) return null;
  return (
    <Section title="Measured" beside={<span className="text-muted">last {SPAN.word}</span>}>
      <div className="card grid gap-x-8 gap-y-5 px-4 py-4 sm:px-5 lg:grid-cols-2">
        <Suspense fallback={<Loading what="the charts" rows={4} />}>
          {byImportance(data.series).map(({ name, values }) => (
            <MeasureChart key={name} measure={measureOf(name)} at={at} values={values} />
          ))}
        </Suspense>
      </div>
    </Section>
  );
}
