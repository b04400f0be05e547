import { ago, dateTime, duration } from "../model/format.ts";
import { useNow } from "./clock.ts";

/** A moment as how long ago it was, with the exact time on hover. `at` in Unix ms. */
export function Ago({ at }: { at: number }) {
  const now = useNow();
  return (
    <time dateTime={new Date(at).toISOString()} title={dateTime(at)}>
      {ago(at, now)}
    </time>
  );
}

/** How long something has been so. */
export function For({ since }: { since: number }) {
  const now = useNow();
  return (
    <time dateTime={new Date(since).toISOString()} title={`since ${dateTime(since)}`}>
      {duration(now - since)}
    </time>
  );
}
