/** The sign of the browser's tab for all services. */
import type { Status } from "../../core/service/records.ts";
import type { ServiceRow } from "../live/service-row.ts";
import { BY_CONCERN, STATUS_WORDS } from "./status.ts";
import { countRows } from "./status-counts.ts";

export interface TabMark {
  /** The worst status; null: nothing is watched. */
  status: Status | null;
  /** Empty when nothing needs attention. */
  words: string;
}

export function tabMark(rows: Iterable<ServiceRow>): TabMark {
  const counts = countRows([...rows].filter((row) => row.listed?.enabled !== false));
  const status = BY_CONCERN.find((each) => counts[each] > 0) ?? null;
  const isTrouble = status === "down" || status === "degraded";
  return { status, words: isTrouble ? `${counts[status]} ${STATUS_WORDS[status].toLowerCase()}` : "" };
}
