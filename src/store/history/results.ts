/** A packed result holds its verdict and its status as codes: positions in VERDICTS and STATUSES. */
import { STATUSES, type Status, VERDICTS, type Verdict } from "../../core/service/records.ts";

export const FAIL = VERDICTS.indexOf("fail");
/** Codes up to this one describe the service (fail, ok, warn). Higher codes mean that the hub could not check it. */
export const LAST_CONCLUSIVE_CODE = VERDICTS.indexOf("warn");

/** A newer release may have stored a code that this release does not know. Such a code counts as "inconclusive". */
export function verdictOf(code: number): Verdict {
  return VERDICTS[code] ?? "inconclusive";
}

export function statusOf(code: number): Status {
  return STATUSES[code] ?? "unknown";
}
