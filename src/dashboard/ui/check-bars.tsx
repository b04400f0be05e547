import { MAX_BARS, type Past } from "../live/past.ts";
import { type Bar, barColumns, barInWords, barsInWords, barsOf } from "../model/check-bars.ts";
import { useNow } from "./clock.ts";
import { ColumnPicture } from "./column-picture.tsx";
import { STATUS_FILL } from "./status-mark.tsx";

const SHAPE = { step: 4, width: 3, height: 22, room: MAX_BARS };
const FILL = { ...STATUS_FILL, gap: "fill-muted" };
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

function Bars({ bars }: { bars: readonly Bar[] }) {
  return (
    <ColumnPicture
      columns={barColumns(bars, SHAPE.height)}
      shape={SHAPE}
      fill={FILL}
      words={barsInWords(bars)}
      wordsOf={(index) => {
        const bar = bars[index];
        return bar === undefined ? "" : barInWords(bar);
      }}
    />
  );
}
