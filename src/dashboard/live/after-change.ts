/** Reads from the database again after something changed in the feed, which is some seconds ahead of it. */
import { useEffect, useRef } from "react";

/** The feed sends a check before the database contains it. After this time, in ms, the database usually contains it. */
const DATABASE_DELAY_MS = 2_800;

/** Calls `read` once for the first value, and for each other value that follows, when the database has it. */
export function useAfterChange(value: string | number | null, read: () => void): void {
  const seen = useRef<typeof value | undefined>(undefined);
  const latest = useRef(read);
  useEffect(() => {
    latest.current = read;
  }, [read]);
  useEffect(() => {
    if (seen.current === value) return;
    seen.current = value;
    const timer = setTimeout(() => latest.current(), DATABASE_DELAY_MS);
    return () => {
      clearTimeout(timer);
      seen.current = undefined;
    };
  }, [value]);
}
