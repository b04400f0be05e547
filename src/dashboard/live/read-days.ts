import { api, responseBody } from "../api/client.ts";
import type { Days } from "./days.ts";

/** Of services that do not exist any more nothing is returned. */
export async function readDays(ids: readonly number[]): Promise<Map<number, Days>> {
  const { days, services } = await responseBody(api["daily-uptime"].$get({ query: { ids: ids.join() } }));
  const first = Date.parse(days[0] ?? "");
  return new Map(services.map(({ id, uptime }) => [id, { first, uptime }]));
}
