/** Numbers of enabled services by status. */
import type { Status } from "../../core/service/records.ts";
import type { ServiceRow } from "../live/service-row.ts";

export type StatusCounts = Record<Status, number>;

export function zeroCounts(): StatusCounts {
  return { unknown: 0, up: 0, degraded: 0, down: 0 };
}

/** Disabled services are not counted. */
export function countRows(rows: Iterable<ServiceRow>): StatusCounts {
  const counts = zeroCounts();
  for (const row of rows) if (row.listed?.enabled !== false) counts[row.status] += 1;
  return counts;
}
