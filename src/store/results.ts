/** The codes of packed results: positions in VERDICTS and STATUSES. */
import { STATUSES, type Status, VERDICTS, type Verdict } from "../core/records.ts";

export const FAIL = VERDICTS.indexOf("fail");
/** The verdicts up to this one say something of the service; the others only of the hub's sight. */
export const LAST_TELLING = VERDICTS.indexOf("warn");

/** A code of a newer release reads as "could not see". */
export function verdictOf(code: number): Verdict {
  return VERDICTS[code] ?? "inconclusive";
}

export function statusOf(code: number): Status {
  return STATUSES[code] ?? "unknown";
}
