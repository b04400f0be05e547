/** The Prometheus text exposition format 0.0.4. */
import type { Metric } from "./hub-metrics.ts";

/** Leaves out metrics without samples. */
export function metricsText(metrics: readonly Metric[]): string {
  /** The metrics of a service share their labels, so each text is made once. */
  const texts = new Map<Metric["samples"][number]["labels"], string>();
  const textOf = (labels: Metric["samples"][number]["labels"]) => {
    const text = texts.get(labels) ?? labelText(labels);
    texts.set(labels, text);
    return text;
  };
  return metrics
    .filter((metric) => metric.samples.length > 0)
    .map(({ name, type, help, samples }) => {
      const lines = samples.map((sample) => `${name}${textOf(sample.labels)} ${valueText(sample.value)}\n`);
      return `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n${lines.join("")}`;
    })
    .join("");
}

function labelText(labels: Record<string, string>): string {
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
