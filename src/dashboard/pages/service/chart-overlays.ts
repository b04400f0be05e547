/** The layers over the lines of a chart: bands of outages, lines of flips, a crosshair, and what is being selected. */
import type { Chart, Plugin } from "chart.js";

/** Times in Unix ms. */
export interface Overlays {
  /** Periods in which the service was not up, each with a colour. */
  bands: readonly { from: number; to: number; colour: string }[];
  flips: readonly number[];
  /** Colours of the lines. */
  line: string;
  selection: string;
}

export interface Selection {
  /** Pixels from the left edge of the canvas; null: nothing is being selected. */
  from: number | null;
  to: number;
}

/** `overlays` and `selection` are asked for at each drawing, so that they may change. */
export function overlayPlugin(overlays: () => Overlays, selection: () => Selection): Plugin<"line"> {
  return {
    id: "overlays",
    beforeDatasetsDraw(chart) {
      const { bands, flips, line } = overlays();
      for (const { from, to, colour } of bands)
        fill(chart, xOf(chart, from), Math.max(xOf(chart, to), xOf(chart, from) + 1), colour);
      for (const at of flips) stroke(chart, xOf(chart, at), line, [3, 3]);
    },
    afterDatasetsDraw(chart) {
      const [active] = chart.getActiveElements();
      if (active !== undefined) stroke(chart, active.element.x, overlays().line, []);
      const { from, to } = selection();
      if (from !== null) fill(chart, Math.min(from, to), Math.max(from, to), overlays().selection);
    },
  };
}

function xOf({ scales, chartArea }: Chart<"line">, at: number): number {
  const x = scales.x?.getPixelForValue(at) ?? chartArea.left;
  return Math.min(Math.max(x, chartArea.left), chartArea.right);
}

function fill({ ctx, chartArea: { top, bottom } }: Chart<"line">, left: number, right: number, colour: string): void {
  ctx.save();
  ctx.fillStyle = colour;
  ctx.fillRect(left, top, right - left, bottom - top);
  ctx.restore();
}

function stroke({ ctx, chartArea: { top, bottom } }: Chart<"line">, x: number, colour: string, dash: number[]): void {
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.setLineDash(dash);
  ctx.beginPath();
  ctx.moveTo(x, top);
  ctx.lineTo(x, bottom);
  ctx.stroke();
  ctx.restore();
}

/** A shorter drag is a click. */
const MIN_DRAG_PX = 8;

/** Lets the user drag over a part of the chart. `picked` gets the times, Unix ms. Returns what ends it. */
export function selectByDrag(
  chart: Chart<"line">,
  selection: Selection,
  picked: (from: number, to: number) => void,
): () => void {
  const { canvas } = chart;
  const down = (event: PointerEvent) => {
    if (event.button !== 0 || event.pointerType === "touch") return; // a touch scrolls the page
    selection.from = event.offsetX;
    selection.to = event.offsetX;
    canvas.setPointerCapture(event.pointerId);
  };
  const move = (event: PointerEvent) => {
    if (selection.from === null) return;
    selection.to = event.offsetX;
    chart.draw();
  };
  const up = () => {
    const { from, to } = selection;
    selection.from = null;
    if (from === null) return;
    chart.draw();
    if (Math.abs(to - from) < MIN_DRAG_PX) return;
    const timeAt = (x: number) => chart.scales.x?.getValueForPixel(x) ?? Number.NaN;
    picked(timeAt(from), timeAt(to));
  };
  canvas.addEventListener("pointerdown", down);
  canvas.addEventListener("pointermove", move);
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", up);
  return () => {
    canvas.removeEventListener("pointerdown", down);
    canvas.removeEventListener("pointermove", move);
    canvas.removeEventListener("pointerup", up);
    canvas.removeEventListener("pointercancel", up);
  };
}
