/** Loads the last checks of the services that are on the screen. */
import { api, responseBody } from "../api/client.ts";
import type { Past } from "./past.ts";
import { ScreenLoader } from "./screen-loader.ts";
import type { ServiceStore } from "./service-store.ts";

const GATHER_MS = 60;
const AGAIN_MS = 10_000;
/** The hub answers for so many at once. */
const AT_ONCE = 100;

export function pastLoader(store: ServiceStore): ScreenLoader {
  return new ScreenLoader({
    gatherMs: GATHER_MS,
    againMs: AGAIN_MS,
    atOnce: AT_ONCE,
    lacks: (id) => store.lacksPast(id),
    load: async (ids) => {
      store.awaitPasts(ids);
      const pasts = await readPasts(ids).catch(() => new Map<number, Past>()); // the rows are shown without bars
      store.addPasts(ids, pasts);
      return pasts.keys();
    },
  });
}

async function readPasts(ids: readonly number[]): Promise<Map<number, Past>> {
  const { services } = await responseBody(api["latest-checks"].$get({ query: { ids: ids.join() } }));
  return new Map(
    services.map(({ id, interval, checks }) => [
      id,
      { interval, checks: checks.map(([at, status, latency_ms]) => ({ at, status, latency_ms })) },
    ]),
  );
}
