/** The marks that a row shows in addition to the status of its service. */
import { breakerOf, isStale } from "../../core/status/breaker.ts";
import type { ServiceRow } from "../live/service-row.ts";

export type Mark = "disabled" | "gone" | "flapping" | "stale" | "breaker";

export const MARKS: Record<Mark, { word: string; meaning: string }> = {
  disabled: { word: "disabled", meaning: "Nobody checks it until it is enabled again" },
  gone: { word: "not running", meaning: "Its container has ended" },
  flapping: { word: "flapping", meaning: "Six or more changes of status within ten minutes" },
  stale: { word: "stale", meaning: "Nothing was heard of it for longer than three intervals" },
  breaker: { word: "breaker open", meaning: "Down for long, so it is checked less often" },
};

/** `now`: Unix ms. Staleness and breaker are computed from times, with the same functions that the hub uses. */
export function marksOf(row: ServiceRow, now: number): Mark[] {
  if (row.listed?.enabled === false) return [row.listed.gone ? "gone" : "disabled"];
  const marks: Mark[] = row.flapping ? ["flapping"] : [];
  if (row.listed === null) return marks;
  const breaker = breakerOf(row.status, row.since, row.listed.interval, now);
  if (breaker === "open") marks.push("breaker");
  const scheduled = { health_interval: row.listed.interval, agent: row.listed.agent };
  if (row.last_at !== null && isStale(row.last_at, row.since, scheduled, row, now)) marks.push("stale");
  return marks;
}
