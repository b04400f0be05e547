import { ago, duration, exactTime } from "../model/format.ts";
import { useNow } from "./clock.ts";

/** Shows how long ago a time was, and the exact time on hover. `at`: Unix ms. */
export function Ago({ at }: { at: number }) {
  const now = useNow();
  return (
    <time dateTime={new Date(at).toISOString()} title={exactTime(at)}>
      {ago(at, now)}
    </time>
  );
}

/** Shows how much time has passed since `since`, in Unix ms. */
export function Elapsed({ since }: { since: number }) {
  const now = useNow();
  return (
    <time dateTime={new Date(since).toISOString()} title={`since ${exactTime(since)}`}>
      {duration(now - since)}
    </time>
  );
}
