/** The badges that a row shows in addition to the status of its service. */
import { breakerOf, isStale } from "../../core/status/breaker.ts";
import type { ServiceRow } from "../live/service-row.ts";

export type Badge = "stopped" | "paused" | "disabled" | "gone" | "flapping" | "stale" | "breaker";

export const BADGES: Record<Badge, { word: string; meaning: string }> = {
  stopped: { word: "stopped", meaning: "Its project is stopped, so nobody checks it" },
  paused: { word: "paused", meaning: "Nobody checks it for a while" },
  disabled: { word: "disabled", meaning: "Nobody checks it until it is enabled again" },
  gone: { word: "not running", meaning: "Its container has ended" },
  flapping: { word: "flapping", meaning: "Six or more changes of status within ten minutes" },
  stale: { word: "stale", meaning: "Nothing was heard of it for longer than three intervals" },
  breaker: { word: "checked less often", meaning: "It has been down for long; its breaker is open" },
};

/** `now`: Unix ms. Staleness and breaker are computed from times, with the same functions that the hub uses. */
export function badgesOf(row: ServiceRow, now: number): Badge[] {
  if (row.listed?.stopped === true) return ["stopped"];
  if (row.listed?.enabled === false) return [row.listed.gone ? "gone" : isPaused(row, now) ? "paused" : "disabled"];
  const badges: Badge[] = row.flapping ? ["flapping"] : [];
  if (row.listed === null) return badges;
  const breaker = breakerOf(row.status, row.since, row.listed.interval, now);
  const isProbed = row.listed.method !== "heartbeat"; // its rules would load all others
  if (breaker === "open" && isProbed) badges.push("breaker");
  const scheduled = { health_interval: row.listed.interval, agent: row.listed.agent };
  if (row.last_at !== null && isStale(row.last_at, row.since, scheduled, row, now)) badges.push("stale");
  return badges;
}

/** The hub enables it again to the minute. */
function isPaused({ listed }: ServiceRow, now: number): boolean {
  return listed?.paused_until != null && listed.paused_until > now - MINUTE_MS;
}

const MINUTE_MS = 60_000;
