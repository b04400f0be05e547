/** What somebody who edits the database, an older release or a failing disk may leave in a row of the services. */
import { env } from "cloudflare:workers";

const NOT_JSON = ["'{'", "''", "'[oops'", "X'00ff'", "'null'", "'7'", "'\"text\"'", "1.5"];
const TEXTS = [...NOT_JSON, "'{}'", "'[1]'", "'[null]'", '\'["a", ["b"]]\''];
const OBJECT = [...NOT_JSON, "'[]'", "'[{}]'"];
const TIMES = ["8640000000000001", "9223372036854775807", "-8640000000000001", "1e300", "'soon'", "X'01'"];

/** By column, SQL expressions. */
const VALUES = {
  health_options: OBJECT,
  metadata: OBJECT,
  tags: TEXTS,
  capabilities: TEXTS,
  depends_on: TEXTS,
  lanes: [...TEXTS, "'[\"a\"]'", "'[1.5]'"].filter((value) => value !== "'[1]'"),
  paused_until: TIMES,
  gone_since: TIMES,
  status_since: TIMES,
  created_at: TIMES,
  updated_at: TIMES,
  version: ["X'00ff'", "7"],
} as const;

export type DamagedColumn = keyof typeof VALUES;

export interface Damage {
  column: DamagedColumn;
  /** As SQL writes it. */
  value: string;
}

export const DAMAGED_COLUMNS = Object.keys(VALUES) as DamagedColumn[]; // the keys of the object above

export function damagesOf(column: DamagedColumn): Damage[] {
  return VALUES[column].map((value) => ({ column, value }));
}

export async function damage(id: number, { column, value }: Damage): Promise<void> {
  await env.DB.prepare(`UPDATE services SET ${column} = ${value} WHERE id = ?`).bind(id).run();
}
