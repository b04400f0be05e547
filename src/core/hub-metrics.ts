/** The Prometheus metrics of the services and of the hub itself. */
import type { BoardEntry } from "./board.ts";
import { ageSeconds, type HubHealth, type PipelineHealth } from "./hub-health.ts";
import { STATUSES, type Status } from "./records.ts";

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

const CODE: Record<Status, number> = { unknown: 0, up: 1, degraded: 2, down: 3 };

export function serviceMetrics(services: readonly BoardEntry[]): Metric[] {
  const labels = services.map(({ check }) => ({ project: check.project, service: check.name }));
  const each = (measure: (service: BoardEntry) => number | null): Sample[] => {
    const samples: Sample[] = [];
    services.forEach((service, index) => {
      const value = measure(service);
      const shared = labels[index];
      if (value !== null && shared !== undefined) samples.push({ labels: shared, value });
    });
    return samples;
  };
  return [
    gauge("hub_service_up", "1 when the service is up or degraded, 0 when it is down or unknown.", each(isRunning)),
    gauge(
      "hub_service_status",
      "Status of the service: 0 unknown, 1 up, 2 degraded, 3 down.",
      each(({ live }) => CODE[live.status]),
    ),
    gauge(
      "hub_service_latency_seconds",
      "Response time of the last check.",
      each(({ live }) => (live.latency_ms === null ? null : live.latency_ms / 1_000)),
    ),
    gauge(
      "hub_service_last_check_timestamp_seconds",
      "When the service was last checked.",
      each(({ live }) => (live.last_at === null ? null : live.last_at / 1_000)),
    ),
    gauge(
      "hub_service_consecutive_failures",
      "Checks that failed in a row.",
      each(({ live }) => live.consecutive_failures),
    ),
    counter(
      "hub_service_flips_total",
      "Changes of status of the service.",
      each(({ live }) => live.flip_seq),
    ),
    gauge("hub_services", "Registered services by status.", countSamples(services)),
  ];
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
    gauge("hub_dead_letters", "Messages that the queues gave up.", single(pipeline?.dead_letters ?? null)),
  ];
}

function isRunning({ live }: BoardEntry): number {
  return live.status === "up" || live.status === "degraded" ? 1 : 0;
}

function countSamples(services: readonly BoardEntry[]): Sample[] {
  const byStatus = Map.groupBy(services, ({ live }) => live.status);
  return STATUSES.map((status) => ({ labels: { status }, value: byStatus.get(status)?.length ?? 0 }));
}

export function gauge(name: string, help: string, samples: Sample[]): Metric {
  return { name, type: "gauge", help, samples };
}

export function counter(name: string, help: string, samples: Sample[]): Metric {
  return { name, type: "counter", help, samples };
}
