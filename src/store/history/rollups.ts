/** Rolls up raw rounds: one row for each service and hour. */
import { asc, sql } from "drizzle-orm";
import { LANE_SIZE } from "../../core/lane/lanes.ts";
import { encodeHistogram } from "../../core/values/histogram.ts";
import { type Db, idList, jsonChunks, runBatch } from "../database.ts";
import { itemField, knownLanes, SENT_SUMS } from "../fragments.ts";
import { rollups, services } from "../tables/hub-tables.ts";
import { HOUR_MS, hourOf, lastWholeHour } from "./hours.ts";
import { LAST_CONCLUSIVE_CODE } from "./results.ts";
import { claimRollup, endRollup, rollupMarks } from "./rollup-marks.ts";
import { addCheck, newSums, type Sums } from "./sums.ts";

/** Ten lanes at a time. They have at most 170,000 checks an hour, with the shortest interval. */
const SERVICES_AT_ONCE = 10 * LANE_SIZE;
/** Hours in one call. 10,000 services take about 90 queries for each hour; D1 allows 1,000 in an invocation. */
const MAX_HOURS = 3;

interface Member {
  id: number;
  lanes: number[];
}

/**
 * Rolls up the oldest complete hours that are not rolled up yet, a few in each call. It may be repeated or run twice at
 * once. `more`: whether hours remain for the next call.
 */
export async function rollupHours(db: Db, now: number): Promise<{ hours: number; more: boolean }> {
  const last = lastWholeHour(now);
  const before = await rollupMarks(db, now);
  if (before.rolled !== undefined && before.rolled >= last) return { hours: 0, more: false };
  const token = crypto.randomUUID();
  const { rolled = 0, rawSince } = await claimRollup(db, last, token, now);
  const chunks = await membersInChunks(db);
  let done = Math.max(rolled, rawSince - HOUR_MS);
  let hours = 0;
  while (done < last && hours < MAX_HOURS) {
    const hour = await nextHour(db, chunks.flat(), done + HOUR_MS);
    done = Math.min(hour ?? last, last);
    if (hour !== done) break;
    for (const members of chunks) await rollUp(db, members, hour);
    hours++;
  }
  await endRollup(db, done, token);
  return { hours, more: done < last };
}

/** Ordered by lane, so that each lane is read for at most two chunks. */
async function membersInChunks(db: Db): Promise<Member[][]> {
  const members = await db
    .select({ id: services.id, lanes: knownLanes })
    .from(services)
    .orderBy(asc(services.lane), asc(services.id));
  const chunks: Member[][] = [];
  for (let i = 0; i < members.length; i += SERVICES_AT_ONCE) chunks.push(members.slice(i, i + SERVICES_AT_ONCE));
  return chunks;
}

function lanesOf(members: readonly Member[]): number[] {
  return [...new Set(members.flatMap(({ lanes }) => lanes))];
}

/** Returns the first hour with rounds, at or after `from` (Unix ms). Hours in which the hub did not run are skipped. */
async function nextHour(db: Db, members: readonly Member[], from: number): Promise<number | undefined> {
  const row = await db.get<{ due_at: number | null }>(sql`
    SELECT min((SELECT min(due_at) FROM rounds WHERE rounds.lane = lanes.value AND due_at >= ${from})) AS due_at
    FROM json_each(${JSON.stringify(lanesOf(members))}) AS lanes`);
  return row?.due_at == null ? undefined : hourOf(row.due_at);
}

async function rollUp(db: Db, members: readonly Member[], hour: number): Promise<void> {
  const sums = await sumHour(db, members, hour);
  const records = [...sums].map(([service_id, { checks, failures, min, max, histogram }]) => {
    return { service_id, hour, checks, failures, min, max, histogram: encodeHistogram(histogram) };
  });
  await runBatch(
    db,
    jsonChunks(records).map((json) => upsertRollups(db, json)),
  );
}

async function sumHour(db: Db, members: readonly Member[], hour: number): Promise<Map<number, Sums>> {
  const groups = await db.all<{ service_id: number; verdict: number; latencies: string }>(sql`
    SELECT item.value ->> 0 AS service_id, item.value ->> 1 AS verdict, json_group_array(item.value ->> 3) AS latencies
    FROM rounds CROSS JOIN json_each(rounds.results) AS item
    WHERE rounds.lane IN ${idList(lanesOf(members))} AND rounds.due_at >= ${hour} AND rounds.due_at < ${hour + HOUR_MS}
      AND item.value ->> 1 <= ${LAST_CONCLUSIVE_CODE} AND item.value ->> 0 IN ${idList(members.map(({ id }) => id))}
    GROUP BY 1, 2`);
  const sums = new Map<number, Sums>();
  for (const { service_id, verdict, latencies } of groups) {
    const sum = sums.get(service_id) ?? newSums();
    sums.set(service_id, sum);
    const parsed: (number | null)[] = JSON.parse(latencies);
    for (const latency of parsed) addCheck(sum, verdict, latency);
  }
  return sums;
}

/** An hour that is rolled up again can only have gained checks. Its row is written only when it has. */
function upsertRollups(db: Db, json: string) {
  const columns = ["service_id", "hour", "checks", "failures", "min", "max", "histogram"].map(itemField);
  return db
    .insert(rollups)
    .select(sql`SELECT ${sql.join(columns, sql`, `)} FROM json_each(${json}) AS item WHERE TRUE`)
    .onConflictDoUpdate({
      target: [rollups.service_id, rollups.hour],
      set: SENT_SUMS,
      setWhere: sql`excluded.checks > ${rollups.checks}`,
    });
}
