/** The Prometheus metrics of the services, written as text at once: ten thousand services have sixty thousand samples. */
import type { BoardEntry } from "../board/board-entry.ts";
import { STATUSES, type Status } from "../service/records.ts";
import { gauge } from "./hub-metrics.ts";
import { labelText, metricHeader, metricsText } from "./metrics-text.ts";

interface ServiceMetric {
  name: string;
  type: "gauge" | "counter";
  help: string;
  /** Null: this service has no sample. */
  measure(service: BoardEntry): number | null;
}

const CODE: Record<Status, number> = { unknown: 0, up: 1, degraded: 2, down: 3 };

const SERVICE_METRICS: readonly ServiceMetric[] = [
  {
    name: "hub_service_up",
    type: "gauge",
    help: "1 when the service is up or degraded, 0 when it is down or unknown.",
    measure: ({ live }) => (live.status === "up" || live.status === "degraded" ? 1 : 0),
  },
  {
    name: "hub_service_status",
    type: "gauge",
    help: "Status of the service: 0 unknown, 1 up, 2 degraded, 3 down.",
    measure: ({ live }) => CODE[live.status],
  },
  {
    name: "hub_service_latency_seconds",
    type: "gauge",
    help: "Response time of the last check.",
    measure: ({ live }) => (live.latency_ms === null ? null : live.latency_ms / 1_000),
  },
  {
    name: "hub_service_last_check_timestamp_seconds",
    type: "gauge",
    help: "When the service was last checked.",
    measure: ({ live }) => (live.last_at === null ? null : live.last_at / 1_000),
  },
  {
    name: "hub_service_consecutive_failures",
    type: "gauge",
    help: "Checks that failed in a row.",
    measure: ({ live }) => live.consecutive_failures,
  },
  {
    name: "hub_service_flips_total",
    type: "counter",
    help: "Changes of status of the service.",
    measure: ({ live }) => live.flip_seq,
  },
];

/** Returns the text format 0.0.4. A metric without samples is left out. */
export function serviceMetricsText(services: readonly BoardEntry[]): string {
  const labels = services.map(({ check }) => labelText({ project: check.project, service: check.name }));
  const texts = SERVICE_METRICS.map((metric) => {
    const lines = samplesText(metric, services, labels);
    return lines === "" ? "" : `${metricHeader(metric)}${lines}`;
  });
  const byStatus = Map.groupBy(services, ({ live }) => live.status);
  const counts = STATUSES.map((status) => ({ labels: { status }, value: byStatus.get(status)?.length ?? 0 }));
  return texts.join("") + metricsText([gauge("hub_services", "Registered services by status.", counts)]);
}

function samplesText(
  { name, measure }: ServiceMetric,
  services: readonly BoardEntry[],
  labels: readonly string[],
): string {
  let text = "";
  services.forEach((service, index) => {
    const value = measure(service);
    if (value !== null) text += `${name}${labels[index]} ${value}\n`;
  });
  return text;
}
