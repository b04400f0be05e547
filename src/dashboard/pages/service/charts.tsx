/** The charts of a service's history. This module is large, so it is loaded only when charts are shown. */
import {
  Chart,
  type ChartConfiguration,
  Filler,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  Tooltip,
} from "chart.js";
import { useEffect, useMemo, useRef } from "react";
import type { Status } from "../../../core/service/records.ts";
import type { Series } from "../../model/chart-series.ts";
import { exactTime, latency, percent } from "../../model/format.ts";
import type { Measure } from "../../model/measurements.ts";
import type { StatusPeriod } from "../../model/status-periods.ts";
import { tickText, timeTicks } from "../../model/time-ticks.ts";
import { useIsDark } from "../../ui/theme.ts";
import { type Overlays, overlayPlugin, type Selection, selectByDrag } from "./chart-overlays.ts";

Chart.register(LineController, LineElement, PointElement, LinearScale, Filler, Tooltip);

/** A line with fewer points is hard to see, so its points are drawn, too. */
const MIN_LINE_POINTS = 4;

interface LineSpec {
  label: string;
  /** The name of a custom property of the style sheet. */
  colour: string;
  values: readonly (number | null)[];
  fill?: boolean;
  dash?: number[];
  /** A value holds until the next one. */
  isStepped?: boolean;
}

interface ChartSpec {
  at: readonly number[];
  lines: readonly LineSpec[];
  /** The range of the vertical axis. When absent, the range depends on the values. */
  range?: { min: number; max: number };
  format(value: number): string;
  /** Formats a label of the vertical axis. */
  tick(value: number): string;
  events?: ChartEvents | undefined;
}

/** The parts that the charts of one service share. */
export interface ChartEvents {
  periods: readonly StatusPeriod[];
  /** Unix ms. */
  flips: readonly number[];
  /** The user dragged over these times. */
  zoom(from: number, to: number): void;
}

interface SeriesChartProps {
  series: Series;
  events: ChartEvents;
}

export function LatencyChart({ series, events }: SeriesChartProps) {
  const spec = useMemo((): ChartSpec => {
    const lines: LineSpec[] = [
      { label: "Median", colour: "--color-accent", values: series.p50, fill: true },
      { label: "95th percentile", colour: "--color-degraded", values: series.p95, dash: [6, 3] },
      { label: "99th percentile", colour: "--color-down", values: series.p99, dash: [2, 3] },
    ];
    return { at: series.at, lines, format: latency, tick: latency, events };
  }, [series, events]);
  return <LineChart title="Response time" spec={spec} height="h-52" />;
}

export function UptimeChart({ series, events }: SeriesChartProps) {
  const spec = useMemo((): ChartSpec => {
    const lines: LineSpec[] = [
      { label: "Uptime", colour: "--color-up", values: series.uptime, fill: true, isStepped: true },
    ];
    const format = (value: number) => percent(value / 100);
    const tick = (value: number) => `${value} %`;
    return { at: series.at, lines, range: { min: 0, max: 100 }, format, tick, events };
  }, [series, events]);
  return <LineChart title="Uptime" spec={spec} height="h-32" />;
}

interface MeasureChartProps {
  measure: Measure;
  /** Unix ms. */
  at: readonly number[];
  values: readonly (number | null)[];
}

export function MeasureChart({ measure: { title, format }, at, values }: MeasureChartProps) {
  const spec = useMemo((): ChartSpec => {
    const lines: LineSpec[] = [{ label: title, colour: "--color-accent", values, fill: true }];
    return { at, lines, format, tick: format };
  }, [title, format, at, values]);
  return <LineChart title={title} spec={spec} height="h-32" />;
}

function LineChart({ title, spec, height }: { title: string; spec: ChartSpec; height: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const drawn = useRef<DrawnChart | null>(null);
  const dark = useIsDark();
  useEffect(
    () => () => {
      drawn.current?.destroy();
      drawn.current = null;
    },
    [],
  );
  useEffect(() => {
    if (canvas.current === null) return;
    drawn.current ??= drawChart(canvas.current, spec);
    drawn.current.update(spec, dark ? "dark" : "light");
  }, [spec, dark]);
  return (
    <figure className="flex min-w-0 flex-col gap-1.5">
      <figcaption className="flex flex-wrap items-center gap-x-4 gap-y-1">
        <span className="font-medium">{title}</span>
        {spec.lines.map((line) => (
          <Legend key={line.label} line={line} />
        ))}
      </figcaption>
      <div className={`relative ${height}`}>
        <canvas ref={canvas} role="img" aria-label={spokenText(title, spec)} />
      </div>
    </figure>
  );
}

function Legend({ line }: { line: LineSpec }) {
  return (
    <span className="inline-flex items-center gap-1.5 text-muted">
      <svg width="20" height="6" aria-hidden="true">
        <path d="M0 3h20" strokeWidth="2" strokeDasharray={line.dash?.join(" ")} stroke={`var(${line.colour})`} />
      </svg>
      {line.label}
    </span>
  );
}

/** Returns a text for screen readers: the newest value of each line. */
function spokenText(title: string, { lines, format }: ChartSpec): string {
  const newest = lines.map(({ label, values }) => {
    const value = values.findLast((each) => each !== null);
    return `${label} ${value === undefined || value === null ? "not known" : format(value)}`;
  });
  return `${title}, newest: ${newest.join(", ")}`;
}

interface DrawnChart {
  update(spec: ChartSpec, scheme: "light" | "dark"): void;
  destroy(): void;
}

/** Of the periods that are marked; the others are as they should be. */
const BAND_COLOURS: Partial<Record<Status, string>> = {
  down: "--color-down",
  degraded: "--color-degraded",
};

/** The chart is drawn once and changed after that, so that nothing flickers and what is pointed at stays. */
function drawChart(canvas: HTMLCanvasElement, first: ChartSpec): DrawnChart {
  const colour = colourReader(canvas);
  const selection: Selection = { from: null, to: 0 };
  let spec = first;
  let overlays = overlaysOf(spec, colour);
  const plugin = overlayPlugin(
    () => overlays,
    () => selection,
  );
  const chart = new Chart(canvas, { ...configuration(spec, colour), plugins: [plugin] });
  const stop = selectByDrag(chart, selection, (from, to) => spec.events?.zoom(from, to));
  return {
    update(next, scheme) {
      canvas.style.colorScheme = scheme;
      spec = next;
      overlays = overlaysOf(spec, colour);
      const { data, options } = configuration(spec, colour);
      chart.data = data;
      if (options !== undefined) chart.options = options;
      chart.update("none");
    },
    destroy() {
      stop();
      chart.destroy();
    },
  };
}

function overlaysOf({ events }: ChartSpec, colour: (name: string) => string): Overlays {
  const bands = (events?.periods ?? []).flatMap(({ status, from, to }) => {
    const name = BAND_COLOURS[status];
    return name === undefined ? [] : [{ from, to, colour: faint(colour(name), 0.14) }];
  });
  const line = colour("--color-muted");
  return { bands, flips: events?.flips ?? [], line, selection: faint(colour("--color-accent"), 0.2) };
}

/** `colour`: as `rgb(…)`, which browsers compute. */
function faint(colour: string, opacity: number): string {
  return colour.replace(/^rgb\((.*)\)$/, `rgba($1, ${opacity})`);
}

const MAX_TICKS = 7;

/** The last point stands for the time until the next one would come. */
function endOf(at: readonly number[]): number {
  const [first = 0, second = first + 1] = at;
  return (at.at(-1) ?? first) + (second - first);
}

type LineConfiguration = ChartConfiguration<"line", { x: number; y: number | null }[]>;

function configuration(spec: ChartSpec, colour: (name: string) => string): LineConfiguration {
  const grid = { color: colour("--color-line") };
  const ticks = { color: colour("--color-muted"), maxRotation: 0 };
  const end = endOf(spec.at);
  return {
    type: "line",
    data: {
      datasets: spec.lines.map(({ label, colour: name, values, fill = false, dash = [], isStepped = false }) => ({
        label,
        data: [
          ...spec.at.map((x, index) => ({ x, y: values[index] ?? null })),
          ...(isStepped ? [{ x: end, y: values.at(-1) ?? null }] : []),
        ],
        borderColor: colour(name),
        backgroundColor: faint(colour(name), 0.1),
        borderDash: dash,
        borderWidth: 1.6,
        pointRadius: values.filter((value) => value !== null).length < MIN_LINE_POINTS ? 2.5 : 0,
        pointHitRadius: 12,
        cubicInterpolationMode: "monotone" as const, // a smooth line goes above and below what was measured
        stepped: isStepped ? ("before" as const) : false,
        clip: 6,
        fill,
      })),
    },
    options: {
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      layout: { padding: { right: 8 } },
      interaction: { mode: "index", intersect: false },
      scales: {
        x: {
          type: "linear",
          min: spec.at[0] ?? 0,
          max: end,
          grid: { display: false },
          afterBuildTicks: (axis) => {
            axis.ticks = timeTicks(axis.min, axis.max, MAX_TICKS).map((value) => ({ value }));
          },
          ticks: { ...ticks, autoSkip: true, callback: (value) => tickText(Number(value)) },
        },
        y: {
          beginAtZero: true,
          ...spec.range,
          grid,
          ticks: { ...ticks, maxTicksLimit: 5, callback: (value) => spec.tick(Number(value)) },
        },
      },
      plugins: {
        tooltip: {
          callbacks: {
            title: ([item]) => (item === undefined ? "" : exactTime(item.parsed.x ?? 0)),
            label: ({ dataset, parsed }) => `${dataset.label}: ${parsed.y === null ? "–" : spec.format(parsed.y)}`,
          },
        },
      },
    },
  };
}

/**
 * Returns a function that resolves a custom property to a colour. A canvas does not accept custom properties, so the
 * function sets the property as a text colour and reads the computed colour.
 */
function colourReader(canvas: HTMLCanvasElement): (name: string) => string {
  const probe = canvas.parentElement ?? canvas;
  return (name) => {
    probe.style.color = `var(${name})`;
    const { color } = getComputedStyle(probe);
    probe.style.color = "";
    return color;
  };
}
