/** Measurements of checks beside the response time: CPU, memory, performance data of plugins. Kept as long as raw rounds. */
import { sql } from "drizzle-orm";
import { type Db, idList } from "../database.ts";
import { chooseBuckets, edgesOf } from "./buckets.ts";
import { type HistorySource, searchText } from "./raw-checks.ts";

/** Names beyond these are left out. */
const MAX_SERIES = 40;

export interface Measurements {
  /** Start of each bucket, ISO 8601 UTC. */
  at: string[];
  /** Mean of each bucket, in the order of `at`; null: nothing was measured. */
  series: { name: string; values: (number | null)[] }[];
}

/** Returns the numbers in the details of checks that were due in [from, to) (Unix ms), at most `points` of each. */
export async function measurements(
  db: Db,
  row: HistorySource,
  range: { from: number; to: number; points: number },
): Promise<Measurements> {
  const buckets = chooseBuckets(range.from, range.to, range.points, 0);
  const { start, step, count } = buckets;
  const rows = await db.all<{ bucket: number; name: string; value: number }>(sql`
    SELECT CAST((rounds.due_at - ${start}) / ${step} AS INTEGER) AS bucket, detail.key AS name, avg(detail.value) AS value
    FROM rounds
    CROSS JOIN json_each(rounds.results) AS item
    CROSS JOIN json_each(item.value, '$[5]') AS detail
    WHERE rounds.lane IN ${idList(row.lanes)} AND rounds.due_at >= ${range.from} AND rounds.due_at < ${range.to}
      AND instr(rounds.results, ${searchText(row.id)}) AND item.value ->> 0 = ${row.id}
      AND detail.type IN ('integer', 'real')
    GROUP BY bucket, name`);
  const series = new Map<string, (number | null)[]>();
  for (const { bucket, name, value } of rows) {
    let values = series.get(name);
    if (values === undefined) {
      if (series.size >= MAX_SERIES) continue;
      values = Array.from({ length: count }, () => null);
      series.set(name, values);
    }
    values[bucket] = value;
  }
  return {
    at: edgesOf(buckets, range.from, range.to)
      .slice(0, -1)
      .map((at) => new Date(at).toISOString()),
    series: [...series].map(([name, values]) => ({ name, values })).sort((a, b) => a.name.localeCompare(b.name)),
  };
}
