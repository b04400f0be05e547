/** A list that renders only the visible services, so that thousands of services stay fast. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { type RefObject, useLayoutEffect, useMemo, useRef, useState } from "react";
import { usePasts } from "../../live/live-context.tsx";
import type { ServiceRow } from "../../live/service-row.ts";
import { useDays } from "../../live/use-days.ts";
import { ListHeadings, ServiceHealthCard } from "./service-health-card.tsx";

// Heights, widths and gaps are in px.
const LIST_HEIGHT = 62;
const GRID_HEIGHT = 168;
const GRID_MIN_WIDTH = 290;
const GAP = 12;
const OVERSCAN = 8;

interface Shape {
  columns: number;
  height: number;
  gap: number;
}

function shapeOf(layout: "list" | "grid", width: number): Shape {
  if (layout === "list") return { columns: 1, height: LIST_HEIGHT, gap: 0 };
  return { columns: Math.max(1, Math.floor((width + GAP) / (GRID_MIN_WIDTH + GAP))), height: GRID_HEIGHT, gap: GAP };
}

interface VirtualServicesProps {
  rows: readonly ServiceRow[];
  layout: "list" | "grid";
  /** Null while nothing can be selected. */
  selected: ReadonlySet<number> | null;
  toggle(id: number): void;
}

export function VirtualServices({ rows, layout, selected, toggle }: VirtualServicesProps) {
  const ref = useRef<HTMLDivElement>(null);
  const { width, top } = useBox(ref);
  const { columns, height, gap } = shapeOf(layout, width);
  const lines = useVirtualizer({
    count: Math.ceil(rows.length / columns),
    getScrollElement: () => document.querySelector("[data-scroll]"),
    estimateSize: () => height,
    scrollMargin: top,
    overscan: OVERSCAN,
    gap,
  });
  // The virtualizer keeps the old sizes when the height changes, so it has to compute them again.
  const measured = useRef({ height, gap });
  useLayoutEffect(() => {
    if (measured.current.height === height && measured.current.gap === gap) return;
    measured.current = { height, gap };
    lines.measure();
  }, [height, gap, lines]);
  const items = lines.getVirtualItems();
  const [first, last] = [items.at(0)?.index ?? 0, items.at(-1)?.index ?? 0];
  const onScreen = useMemo(() => rows.slice(first * columns, (last + 1) * columns), [rows, first, last, columns]);
  usePasts(onScreen);
  const days = useDays(onScreen, layout === "list");
  const daysOf = ({ id }: ServiceRow) => (days === null ? undefined : (days.get(id) ?? null));
  const frame = layout === "list" ? "card overflow-hidden" : "";
  return (
    <div className={frame}>
      {layout === "list" && <ListHeadings withDays={days !== null} />}
      <div ref={ref}>
        <ul aria-label="Services" className="relative" style={{ height: lines.getTotalSize() }}>
          {items.flatMap((line) =>
            rows.slice(line.index * columns, (line.index + 1) * columns).map((row, column) => (
              <li
                key={row.id}
                aria-setsize={rows.length}
                aria-posinset={line.index * columns + column + 1}
                className="absolute top-0 left-0"
                style={{
                  height,
                  width: `calc((100% - ${(columns - 1) * gap}px) / ${columns})`,
                  transform: `translate(calc(${column} * (100% + ${gap}px)), ${line.start - top}px)`,
                }}
              >
                {selected === null ? (
                  <ServiceHealthCard row={row} layout={layout} days={daysOf(row)} />
                ) : (
                  <label className="grid h-full grid-cols-[2.5rem_minmax(0,1fr)] items-center">
                    <input
                      type="checkbox"
                      aria-label={`Select ${row.name} of ${row.project}`}
                      className="justify-self-center"
                      checked={selected.has(row.id)}
                      onChange={() => toggle(row.id)}
                    />
                    <ServiceHealthCard row={row} layout={layout} days={daysOf(row)} />
                  </label>
                )}
              </li>
            )),
          )}
        </ul>
      </div>
    </div>
  );
}

/** Returns the width of the element, and the distance from its top to the start of the scrolling content, in px. */
function useBox(ref: RefObject<HTMLDivElement | null>): { width: number; top: number } {
  const [box, setBox] = useState({ width: 1_000, top: 0 });
  useLayoutEffect(() => {
    const element = ref.current;
    const scroller = document.querySelector("[data-scroll]");
    if (element === null || scroller === null) return;
    const measure = () => {
      const { width, top } = element.getBoundingClientRect();
      const start = Math.round(top - scroller.getBoundingClientRect().top + scroller.scrollTop);
      setBox((before) => (before.width === width && before.top === start ? before : { width, top: start }));
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    observer.observe(scroller);
    return () => observer.disconnect();
  }, [ref]);
  return box;
}
