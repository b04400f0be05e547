/** A stored field of a service may not be readable. It then reads as empty, and the row says which fields that are. */

export const JSON_FIELDS = [
  ["health_options", "object"],
  ["tags", "texts"],
  ["capabilities", "texts"],
  ["metadata", "object"],
  ["depends_on", "texts"],
] as const;

export type JsonField = (typeof JSON_FIELDS)[number][0] | "lanes";

/** Why a service is not checked although it is watched. */
export const UNJUDGED = "health_options: what is stored can't be read; set it anew";
const LANES = "lanes: what is stored can't be read, so its earlier history is not found; change the service once";

interface Stored {
  unreadable?: readonly JsonField[] | undefined;
}

/** Without its options a check would look for something else than people wanted. Everything else only describes. */
export function isJudgeable({ unreadable = [] }: Stored): boolean {
  return !unreadable.includes("health_options");
}

/** Returns the trouble with a check, for a person; null: there is none. */
export function unreadableText(check: Stored & { service_id: number }): string | null {
  if (!isJudgeable(check)) return `service ${check.service_id} can't be judged: ${UNJUDGED}`;
  return check.unreadable?.includes("lanes") ? `service ${check.service_id}: ${LANES}` : null;
}

/** Returns the row as a patch sees it: what can't be read and is not named in the patch stays as it is stored. */
export function underPatch<R extends { unreadable: JsonField[] }>(row: R, patch: object): R {
  return { ...row, unreadable: row.unreadable.filter((field) => field in patch) };
}
