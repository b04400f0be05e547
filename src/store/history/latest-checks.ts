/** Reads the last checks of many services at once, for a glance at the past of each. */
import { and, asc, inArray, sql } from "drizzle-orm";
import { isScheduled, LANE_SIZE } from "../../core/lane/lanes.ts";
import type { RoundResult } from "../../core/lane/queue-messages.ts";
import type { Status } from "../../core/service/records.ts";
import { type Db, idList } from "../database.ts";
import { services as table } from "../tables/hub-tables.ts";
import { statusOf } from "./results.ts";

/** Rounds of a lane that are searched: retries have rounds of their own, and a service with an open breaker skips some. */
const ROUNDS_PER_CHECK = 1.5;

export interface LatestChecks {
  id: number;
  /** Seconds. */
  interval: number;
  /** Oldest first. */
  checks: { /** Start of the round, Unix ms. */ at: number; status: Status; latency_ms: number | null }[];
}

/**
 * `count`: of each service, at most. Only the current lane is searched. Services that do not exist
 * are left out. `within`: only of these projects.
 */
export async function latestChecks(
  db: Db,
  ids: readonly number[],
  count: number,
  within?: readonly number[],
): Promise<LatestChecks[]> {
  const services = await db
    .select({ id: table.id, lane: table.lane, interval: table.health_interval })
    .from(table)
    .where(
      and(inArray(table.id, idList(ids)), within === undefined ? undefined : inArray(table.project_id, idList(within))),
    )
    .orderBy(asc(table.id));
  const rounds = Math.ceil(count * ROUNDS_PER_CHECK);
  const found = await Promise.all([
    newestOf(
      db,
      services.filter(({ lane }) => isScheduled(lane)),
      rounds,
    ),
    // Here each result has a round of its own.
    newestOf(
      db,
      services.filter(({ lane }) => !isScheduled(lane)),
      rounds * LANE_SIZE,
    ),
  ]);
  const checks = Map.groupBy(found.flat(), ({ id }) => id);
  return services.map(({ id, interval }) => ({
    id,
    interval,
    checks: (checks.get(id) ?? []).slice(-count).map(({ at, status, latency_ms }) => ({ at, status, latency_ms })),
  }));
}

type FoundCheck = LatestChecks["checks"][number] & { id: number };

/**
 * Oldest first. `rounds`: how many of each lane are searched. To take every round apart would read 24 rows for one; so
 * the result is found by its text. It is that result, and not a part of another one's text, when everything before it is
 * whole JSON.
 */
async function newestOf(
  db: Db,
  services: readonly { id: number; lane: number }[],
  rounds: number,
): Promise<FoundCheck[]> {
  if (services.length === 0) return [];
  const places = JSON.stringify(services.map(({ id, lane }) => [id, lane]));
  const id = sql`mine.value ->> 0`;
  const lane = sql`mine.value ->> 1`;
  const at = sql`instr(rounds.results, '[' || (${id}) || ',')`;
  const before = sql`rtrim(substr(rounds.results, 1, ${at} - 1), ',') || ']'`;
  const results = await db.all<{ at: number; result: string | null }>(sql`
    SELECT rounds.started_at AS at, CASE WHEN json_valid(${before})
      THEN json_extract('[' || substr(rounds.results, ${at}), '$[0]')
      ELSE (SELECT item.value FROM json_each(rounds.results) AS item WHERE item.value ->> 0 = ${id}) END AS result
    FROM json_each(${places}) AS mine
    CROSS JOIN rounds ON rounds.lane = ${lane} AND rounds.due_at > coalesce(
      (SELECT due_at FROM rounds WHERE lane = ${lane} ORDER BY due_at DESC LIMIT 1 OFFSET ${rounds}), 0)
    WHERE ${at} > 0
    ORDER BY rounds.started_at`);
  return results.flatMap(({ at, result }) => {
    if (result === null) return [];
    const [id, , status, latency_ms]: RoundResult = JSON.parse(result);
    return [{ id, at, status: statusOf(status), latency_ms }];
  });
}
