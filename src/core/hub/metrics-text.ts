/** The Prometheus text exposition format 0.0.4. */
import type { Metric } from "./hub-metrics.ts";

/** Leaves out metrics without samples. */
export function metricsText(metrics: readonly Metric[]): string {
  return metrics
    .filter((metric) => metric.samples.length > 0)
    .map((metric) => {
      const lines = metric.samples.map(
        ({ labels, value }) => `${metric.name}${labelText(labels)} ${valueText(value)}\n`,
      );
      return `${metricHeader(metric)}${lines.join("")}`;
    })
    .join("");
}

export function metricHeader({ name, type, help }: Pick<Metric, "name" | "type" | "help">): string {
  return `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n`;
}

/** Returns the labels in braces; empty without labels. */
export function labelText(labels: Record<string, string>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function valueText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  return String(value);
}

function escapeHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"');
}
