/** Loads the days of the services that are on the screen. */
import type { Days, KnownDays } from "./days.ts";
import { ScreenLoader } from "./screen-loader.ts";

const GATHER_MS = 150;
const AGAIN_MS = 30_000;
const AT_ONCE = 50;

type Read = (ids: readonly number[]) => Promise<Map<number, Days>>;

export function daysLoader(known: KnownDays, read: Read): ScreenLoader {
  return new ScreenLoader({
    gatherMs: GATHER_MS,
    againMs: AGAIN_MS,
    atOnce: AT_ONCE,
    lacks: (id) => known.lacks(id, Date.now()),
    load: async (ids) => {
      const days = await read(ids).catch(() => new Map<number, Days>()); // the rows are shown without them
      known.add(days, Date.now());
      return days.keys();
    },
  });
}
