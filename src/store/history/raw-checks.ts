/** Reads the checks of one service from the packed rounds of its lanes. */
import { sql } from "drizzle-orm";
import type { RoundResult } from "../../core/lane/queue-messages.ts";
import type { Status, Verdict } from "../../core/service/records.ts";
import type { ServiceRow } from "../../core/service/service-row.ts";
import { MAX_AGENT_AHEAD_MS } from "../../core/time/durations.ts";
import { type Db, idList } from "../database.ts";
import { LAST_CONCLUSIVE_CODE, statusOf, verdictOf } from "./results.ts";

/** How many rounds of a lane are searched backwards. The service may have left the lane long ago. */
const MAX_ROUNDS_SEARCHED = 1_000;

/** The columns of a service that are needed to find its history. */
export type HistorySource = Pick<ServiceRow, "id" | "lanes">;

export interface RecentCheck {
  /** Start of the round, ISO 8601 UTC. */
  at: string;
  vantage: string;
  ok: boolean;
  verdict: Verdict;
  /** Status of the service after the check. */
  status: Status;
  latency_ms: number | null;
  error: string | null;
}

/** A check with a conclusive result. `due_at`: Unix ms. `verdict`: a code, at most LAST_CONCLUSIVE_CODE. */
export interface RawCheck {
  due_at: number;
  verdict: number;
  latency_ms: number | null;
}

/**
 * A text that each round with a result of the service contains, because results are stored without white space. It
 * excludes most other rounds without parsing their JSON.
 */
export function searchText(id: number): string {
  return `[${id},`;
}

/** Returns the newest checks of the service, newest first, without those of a clock that was ahead. `now`: Unix ms. */
export async function recentChecks(db: Db, row: HistorySource, limit: number, now: number): Promise<RecentCheck[]> {
  // One query for each lane, because D1 takes at most five terms in a compound SELECT.
  const perLane = await Promise.all(
    row.lanes.map((lane) => newestInLane(db, lane, row.id, limit, now + MAX_AGENT_AHEAD_MS)),
  );
  return perLane
    .flat()
    .sort((a, b) => b.started_at - a.started_at)
    .slice(0, limit)
    .map(toRecentCheck);
}

interface PackedCheck {
  started_at: number;
  vantage: string;
  /** A packed result as JSON. Its last element is its own vantage when that differs from the round's vantage. */
  result: string;
}

/** Reads the primary key backwards, and only as far as needed. */
async function newestInLane(db: Db, lane: number, id: number, limit: number, until: number): Promise<PackedCheck[]> {
  return await db.all<PackedCheck>(sql`
    SELECT rounds.started_at, rounds.vantage, item.value AS result
    FROM rounds CROSS JOIN json_each(rounds.results) AS item
    WHERE rounds.lane = ${lane} AND instr(rounds.results, ${searchText(id)}) AND item.value ->> 0 = ${id}
      AND rounds.due_at <= ${until} AND rounds.due_at > coalesce(
        (SELECT due_at FROM rounds WHERE lane = ${lane} AND due_at <= ${until} ORDER BY due_at DESC LIMIT 1 OFFSET ${MAX_ROUNDS_SEARCHED}), 0)
    ORDER BY rounds.due_at DESC, rounds.attempt DESC LIMIT ${limit}`);
}

function toRecentCheck({ started_at, vantage, result }: PackedCheck): RecentCheck {
  const [, code, status, latency_ms, error, , elsewhere]: [...RoundResult, string?] = JSON.parse(result);
  const verdict = verdictOf(code);
  return {
    at: new Date(started_at).toISOString(),
    vantage: elsewhere ?? vantage,
    ok: verdict === "ok" || verdict === "warn",
    verdict,
    status: statusOf(status),
    latency_ms,
    error,
  };
}

/** Returns the checks that were due in [from, to) (Unix ms), in any order. */
export function rawChecks(db: Db, row: HistorySource, from: number, to: number) {
  return db
    .select({
      due_at: sql<number>`rounds.due_at`.as("due_at"),
      verdict: sql<number>`item.value ->> 1`.as("verdict"),
      latency_ms: sql<number | null>`item.value ->> 3`.as("latency_ms"),
    })
    .from(sql`rounds CROSS JOIN json_each(rounds.results) AS item`)
    .where(
      sql`rounds.lane IN ${idList(row.lanes)} AND rounds.due_at >= ${from} AND rounds.due_at < ${to}
        AND instr(rounds.results, ${searchText(row.id)}) AND item.value ->> 0 = ${row.id}
        AND item.value ->> 1 <= ${LAST_CONCLUSIVE_CODE}`,
    );
}
