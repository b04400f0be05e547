/** The health of the whole hub in one sentence. */
import { overallHealth } from "../../core/service/health.ts";
import type { Health, Status } from "../../core/service/records.ts";
import type { ServiceRow } from "../live/service-row.ts";
import { count } from "./format.ts";
import { countRows, type StatusCounts } from "./status-counts.ts";

export interface Verdict {
  health: Health;
  /** Says whether all services are up, for example "s1 is down.". */
  sentence: string;
}

export function verdict(rows: Iterable<ServiceRow>): Verdict {
  const all = [...rows].filter((row) => row.listed?.enabled !== false);
  const counts = countRows(all);
  const health = overallHealth(counts);
  const total = all.length;
  if (total === 0) return { health, sentence: "Nothing is watched yet." };
  switch (health) {
    case "healthy":
      return { health, sentence: total === 1 ? "The one service is up." : `All ${count(total, "service")} are up.` };
    case "unhealthy":
      return { health, sentence: `${subject(all, "down")} down${degradedPart(counts)}.` };
    case "degraded":
      return { health, sentence: `${subject(all, "degraded")} degraded; nothing is down.` };
    case "unknown":
      return { health, sentence: `Nothing is down; ${count(counts.unknown, "service")} not heard of yet.` };
  }
}

/** One or two services are named; more are counted. */
function subject(rows: readonly ServiceRow[], status: Status): string {
  const hit = rows.filter((row) => row.status === status);
  const names = hit.map((row) => row.name);
  if (hit.length === 1) return `${names[0]} is`;
  return hit.length === 2 ? `${names[0]} and ${names[1]} are` : `${count(hit.length, "service")} are`;
}

function degradedPart(counts: StatusCounts): string {
  return counts.degraded === 0 ? "" : `, ${count(counts.degraded, "service")} degraded`;
}
