import { useState } from "react";
import { MAX_BARS, type Past } from "../live/past.ts";
import { type Bar, barAt, barInWords, barPaths, barsInWords, barsOf } from "../model/check-bars.ts";
import { useNow } from "./clock.ts";
import { STATUS_FILL } from "./status-mark.tsx";

const SHAPE = { step: 4, width: 3, height: 22 };
const CLOCK_MS = 15_000;

/** `past`: null until it is loaded; then the room is kept free. Where there is less room, the newest bars are seen. */
export function CheckBars({ past }: { past: Past | null }) {
  const now = useNow(CLOCK_MS);
  return (
    <span className="flex h-5.5 min-w-0 items-end justify-end overflow-hidden">
      {past !== null && <Bars bars={barsOf(past, now)} />}
    </span>
  );
}

/** What is pointed at says when it was; all bars together are one picture. */
function Bars({ bars }: { bars: readonly Bar[] }) {
  const [pointed, setPointed] = useState<number | null>(null);
  const words = barsInWords(bars);
  const bar = pointed === null ? undefined : bars[pointed];
  const width = MAX_BARS * SHAPE.step;
  return (
    <svg
      role="img"
      aria-label={words}
      width={width}
      height={SHAPE.height}
      viewBox={`0 0 ${width} ${SHAPE.height}`}
      className="relative z-10 shrink-0"
      onPointerMove={({ nativeEvent }) => setPointed(barAt(bars.length, nativeEvent.offsetX, SHAPE.step))}
      onPointerLeave={() => setPointed(null)}
    >
      <title>{bar === undefined ? words : barInWords(bar)}</title>
      {[...barPaths(bars, SHAPE)].map(([kind, path]) => (
        <path key={kind} d={path} className={kind === "gap" ? "fill-muted" : STATUS_FILL[kind]} />
      ))}
    </svg>
  );
}
