/** Reads the last checks of many services at once, for a glance at the past of each. */
import { sql } from "drizzle-orm";
import type { RoundResult } from "../core/queue-messages.ts";
import type { Status } from "../core/records.ts";
import { type Db, idList } from "./database.ts";
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

/** `count`: of each service, at most. Only the current lane is searched. Services that do not exist are left out. */
export async function latestChecks(db: Db, ids: readonly number[], count: number): Promise<LatestChecks[]> {
  const wanted = idList(ids);
  const rounds = Math.ceil(count * ROUNDS_PER_CHECK);
  const [services, results] = await Promise.all([
    db.all<{ id: number; interval: number }>(
      sql`SELECT id, health_interval AS interval FROM services WHERE id IN ${wanted}`,
    ),
    db.all<{ at: number; result: string }>(sql`
      SELECT rounds.started_at AS at, item.value AS result
      FROM (SELECT DISTINCT lane FROM services WHERE id IN ${wanted}) AS mine
      CROSS JOIN rounds ON rounds.lane = mine.lane AND rounds.due_at > coalesce(
        (SELECT due_at FROM rounds WHERE lane = mine.lane ORDER BY due_at DESC LIMIT 1 OFFSET ${rounds}), 0)
      CROSS JOIN json_each(rounds.results) AS item
      WHERE item.value ->> 0 IN ${wanted}
      ORDER BY rounds.started_at`),
  ]);
  const checks = new Map<number, LatestChecks["checks"]>();
  for (const { at, result } of results) {
    const [id, , status, latency_ms]: RoundResult = JSON.parse(result);
    const known = checks.get(id);
    const check = { at, status: statusOf(status), latency_ms };
    if (known === undefined) checks.set(id, [check]);
    else known.push(check);
  }
  return services.map(({ id, interval }) => ({ id, interval, checks: (checks.get(id) ?? []).slice(-count) }));
}
