import { memo, useMemo } from "react";
import type { Days } from "../live/days.ts";
import { dayColumns, dayInWords, daysInWords, utcDays } from "../model/day-bars.ts";
import { ColumnPicture } from "./column-picture.tsx";
import { STATUS_FILL } from "./status-mark.tsx";

const SHAPE = { step: 3, width: 2, height: 22, room: 90 };

/** One bar for each of the last 90 days. `days`: null until they are loaded; then the room is kept free. */
export const UptimeBars = memo(function UptimeBars({ days }: { days: Days | null }) {
  return <span className="flex h-5.5 items-end justify-end">{days !== null && <Bars days={days} />}</span>;
});

function Bars({ days }: { days: Days }) {
  const bars = useMemo(() => utcDays(days), [days]);
  const columns = useMemo(() => dayColumns(bars, SHAPE.height), [bars]);
  return (
    <ColumnPicture
      columns={columns}
      shape={SHAPE}
      fill={STATUS_FILL}
      words={daysInWords(bars)}
      wordsOf={(index) => {
        const bar = bars[index];
        return bar === undefined ? "" : dayInWords(bar, Date.now(), "UTC");
      }}
    />
  );
}
