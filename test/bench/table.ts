/** How the figures are shown. */
import type { Figure } from "./figure.ts";

/** A figure that could not be measured is over. */
export function isWithin({ value, limit, better }: Figure): boolean {
  if (Number.isNaN(value)) return false;
  return limit === null || (better === "lower" ? value <= limit : value >= limit);
}

/** A line for each figure, its note below it. */
export function tableOf(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => ({
    name: figure.name,
    measured: `${shown(figure.value)} ${figure.unit}`,
    limit: figure.limit === null ? "–" : `${figure.better === "lower" ? "≤" : "≥"} ${shown(figure.limit)}`,
    verdict: verdictOf(figure),
    note: figure.note,
  }));
  const head = { name: "name", measured: "measured", limit: "limit", verdict: "ok/over", note: undefined };
  const width = (key: "name" | "measured" | "limit") => Math.max(...[head, ...rows].map((row) => row[key].length));
  const widths = { name: width("name"), measured: width("measured"), limit: width("limit") };
  return [head, ...rows]
    .flatMap(({ name, measured, limit, verdict, note }) => [
      `${name.padEnd(widths.name)}  ${measured.padStart(widths.measured)}  ${limit.padStart(widths.limit)}  ${verdict}`,
      ...(note === undefined ? [] : [`    ${note}`]),
    ])
    .join("\n");
}

function verdictOf(figure: Figure): string {
  if (!isWithin(figure)) return "over";
  return figure.limit === null ? "–" : "ok";
}

function shown(value: number): string {
  if (Number.isInteger(value)) return String(value);
  if (Math.abs(value) >= 1_000) return value.toFixed(0);
  return value.toFixed(Math.abs(value) < 1 ? 4 : 2);
}
