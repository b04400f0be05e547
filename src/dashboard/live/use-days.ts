import { useEffect, useSyncExternalStore } from "react";
import type { Days } from "./days.ts";
import { useLive } from "./live-context.tsx";
import type { ServiceRow } from "./service-row.ts";

/** Where a list has room for the days of its services. */
const WIDE = "(min-width: 1536px)";

/**
 * Loads the days of the rows that are on the screen, and returns all that are known; null: there is no room for them. A
 * page has one such list.
 */
export function useDays(rows: readonly ServiceRow[], isList: boolean): ReadonlyMap<number, Days> | null {
  const { days, daysOnScreen } = useLive();
  const isWide = useSyncExternalStore(onWidth, readWidth) && isList;
  const known = useSyncExternalStore(days.subscribe, days.read);
  // The rows change several times a second, the ids when the user scrolls.
  const ids = isWide ? rows.map(({ id }) => id).join() : "";
  useEffect(() => {
    if (ids !== "") daysOnScreen.show(ids.split(",").map(Number));
    return () => daysOnScreen.stop();
  }, [ids, daysOnScreen]);
  return isWide ? known : null;
}

function onWidth(listener: () => void): () => void {
  const query = matchMedia(WIDE);
  query.addEventListener("change", listener);
  return () => query.removeEventListener("change", listener);
}

function readWidth(): boolean {
  return matchMedia(WIDE).matches;
}
