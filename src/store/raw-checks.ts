/** The checks of one service in the packed rounds of its lanes. */
import { sql } from "drizzle-orm";
import type { RoundResult } from "../core/queue-messages.ts";
import type { Status, Verdict } from "../core/records.ts";
import type { ServiceRow } from "../core/service-row.ts";
import { type Db, idList } from "./database.ts";
import { LAST_TELLING, statusOf, verdictOf } from "./results.ts";

/** How far back a lane is searched, in rounds: a service may have left it long ago. */
const MAX_ROUNDS_SEARCHED = 1_000;

/** Where a service's history lies. */
export type Recorded = Pick<ServiceRow, "id" | "lanes">;

export interface RecentCheck {
  /** Start of the round, ISO 8601. */
  at: string;
  vantage: string;
  ok: boolean;
  verdict: Verdict;
  /** Of the service after the check. */
  status: Status;
  latency_ms: number | null;
  error: string | null;
}

/** One that says something of the service: `due_at` in Unix ms, `verdict` a code. */
export interface RawCheck {
  due_at: number;
  verdict: number;
  latency_ms: number | null;
}

/** Results are stored without white space, so this text is in every round of the service; most others are told cheaply. */
function mention(id: number): string {
  return `[${id},`;
}

/** Newest first. */
export async function recentChecks(db: Db, row: Recorded, limit: number): Promise<RecentCheck[]> {
  // One query a lane: D1 takes no more than five terms in a compound SELECT.
  const found = await Promise.all(row.lanes.map((lane) => newestInLane(db, lane, row.id, limit)));
  return found
    .flat()
    .sort((a, b) => b.started_at - a.started_at)
    .slice(0, limit)
    .map(toRecentCheck);
}

interface FoundCheck {
  started_at: number;
  vantage: string;
  /** A packed result as JSON, its own vantage at the end when it is not the round's. */
  result: string;
}

/** Reads backwards along the primary key, only as far as needed. */
async function newestInLane(db: Db, lane: number, id: number, limit: number): Promise<FoundCheck[]> {
  return await db.all<FoundCheck>(sql`
    SELECT rounds.started_at, rounds.vantage, item.value AS result
    FROM rounds CROSS JOIN json_each(rounds.results) AS item
    WHERE rounds.lane = ${lane} AND instr(rounds.results, ${mention(id)}) AND item.value ->> 0 = ${id}
      AND rounds.due_at > coalesce(
        (SELECT due_at FROM rounds WHERE lane = ${lane} ORDER BY due_at DESC LIMIT 1 OFFSET ${MAX_ROUNDS_SEARCHED}), 0)
    ORDER BY rounds.due_at DESC, rounds.attempt DESC LIMIT ${limit}`);
}

function toRecentCheck({ started_at, vantage, result }: FoundCheck): RecentCheck {
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

/** Those due in [from, to), in no order. */
export async function rawChecks(db: Db, row: Recorded, from: number, to: number): Promise<RawCheck[]> {
  if (from >= to) return [];
  return await db.all<RawCheck>(sql`
    SELECT rounds.due_at, item.value ->> 1 AS verdict, item.value ->> 3 AS latency_ms
    FROM rounds CROSS JOIN json_each(rounds.results) AS item
    WHERE rounds.lane IN ${idList(row.lanes)} AND rounds.due_at >= ${from} AND rounds.due_at < ${to}
      AND instr(rounds.results, ${mention(row.id)}) AND item.value ->> 0 = ${row.id}
      AND item.value ->> 1 <= ${LAST_TELLING}`);
}
