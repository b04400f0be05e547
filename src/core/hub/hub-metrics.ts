/** The Prometheus metrics of the hub itself. Those of its services: service-metrics.ts. */
import { ageSeconds, type HubHealth, type PipelineHealth } from "./hub-health.ts";

export interface Sample {
  labels: Record<string, string>;
  value: number;
}

export interface Metric {
  name: string;
  type: "gauge" | "counter";
  help: string;
  samples: Sample[];
}

export function hubMetrics(health: HubHealth, pipeline: PipelineHealth | null, now: number): Metric[] {
  const single = (value: number | null): Sample[] => (value === null ? [] : [{ labels: {}, value }]);
  const ages = { planned: pipeline?.planned_at, probed: pipeline?.probed_at, recorded: pipeline?.recorded_at };
  return [
    gauge("hub_build_info", "The hub and its version.", [
      { labels: { hub_id: health.serviceId, version: health.version }, value: 1 },
    ]),
    gauge(
      "hub_healthy",
      "1 when the hub can do its work, perhaps with a warning.",
      single(health.status === "fail" ? 0 : 1),
    ),
    gauge(
      "hub_pipeline_age_seconds",
      "Time since a round was last planned, probed and recorded.",
      Object.entries(ages).flatMap(([step, at]) => {
        const value = ageSeconds(at ?? null, now);
        return value === null ? [] : [{ labels: { step }, value }];
      }),
    ),
    gauge("hub_database_size_bytes", "Size of the database.", single(sizeOf(health))),
    gauge("hub_dead_letters", "Messages that the queues gave up.", single(pipeline?.dead_letters ?? null)),
  ];
}

function sizeOf({ checks }: HubHealth): number | null {
  return checks["database:size"]?.[0]?.observedValue ?? null;
}

export function gauge(name: string, help: string, samples: Sample[]): Metric {
  return { name, type: "gauge", help, samples };
}

export function counter(name: string, help: string, samples: Sample[]): Metric {
  return { name, type: "counter", help, samples };
}
