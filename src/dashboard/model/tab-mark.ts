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

/** `downElsewhere`: number of services that are down at other hubs. */
export function tabMark(rows: Iterable<ServiceRow>, downElsewhere = 0): TabMark {
  const counts = countRows([...rows].filter((row) => row.listed?.enabled !== false));
  const status = BY_CONCERN.find((each) => counts[each] > 0) ?? null;
  const isTrouble = status === "down" || status === "degraded";
  const here = isTrouble ? `${counts[status]} ${STATUS_WORDS[status].toLowerCase()}` : "";
  const there = downElsewhere > 0 ? `${downElsewhere} down elsewhere` : "";
  return { status, words: [here, there].filter(Boolean).join(", ") };
}
