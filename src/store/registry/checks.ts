/**
 * Reads the checks that the planner schedules, and the state that a live board starts from when it has lost its memory.
 */
import { and, asc, eq, inArray, isNull, type SQL, sql } from "drizzle-orm";
import type { BoardSeed, LastRound } from "../../core/board/board-entry.ts";
import { isScheduled } from "../../core/lane/lanes.ts";
import type { RoundResult } from "../../core/lane/queue-messages.ts";
import { isProbedByHub } from "../../core/methods/index.ts";
import type { Check } from "../../core/service/check.ts";
import { CHECK_FIELDS, pick } from "../../core/service/service-definition.ts";
import { toCheck } from "../../core/service/service-row.ts";
import { MAX_AGENT_AHEAD_MS } from "../../core/time/durations.ts";
import { type Db, idList } from "../database.ts";
import { currentEpoch, knownLanes, LANES } from "../fragments.ts";
import { verdictOf } from "../history/results.ts";
import { jsonItems, unreadableOf } from "../tables/columns.ts";
import { projects, rounds, services } from "../tables/hub-tables.ts";
import { registryState } from "./registry-changes.ts";

/** Number of intervals to search backwards. A service with an open breaker is probed only on every 4th due time. */
const ROUNDS_BACK = 4;
/** A page has up to 480 checks: reading it takes some milliseconds, in which the hub does nothing else. */
const LANES_A_PAGE = 20;

const checkColumns = {
  ...pick(services, CHECK_FIELDS),
  id: services.id,
  project_id: services.project_id,
  project: sql<string>`${projects.name}`.as("project"),
  epoch: currentEpoch,
  rev: services.rev,
  flip_seq: services.flip_seq,
  version: services.version,
  lane: services.lane,
  lanes: knownLanes,
  unreadable: unreadableOf(services, [["health_options", "object"], LANES]),
  status: services.status,
  status_since: services.status_since,
};

/** Of a service joined with its project. The same rule as in core/service-view.ts. */
export const isWatched = and(
  ...[eq(services.enabled, true), isNull(services.gone_since), eq(projects.status, "running")],
);

/** Watched checks, of running projects. */
export function selectChecks(db: Db, where?: SQL) {
  return db
    .select(checkColumns)
    .from(services)
    .innerJoin(projects, eq(projects.id, services.project_id))
    .where(and(isWatched, where));
}

/** Yields the enabled checks that the hub itself probes, of running projects, in pages of whole lanes. */
export async function* loadChecks(db: Db): AsyncGenerator<Check[]> {
  const lanes = (await db.selectDistinct({ lane: services.lane }).from(services).orderBy(asc(services.lane)))
    .map(({ lane }) => lane)
    .filter(isScheduled);
  for (let start = 0; start < lanes.length; start += LANES_A_PAGE) {
    const page = lanes.slice(start, start + LANES_A_PAGE);
    const rows = await selectChecks(db, inArray(services.lane, idList(page)));
    yield rows.map(toCheck);
  }
}

/** All enabled services of running projects. `epoch`: the life of the database that they belong to. `now`: Unix ms. */
export async function loadBoard(db: Db, now: number): Promise<{ epoch: string; seeds: BoardSeed[] }> {
  const [{ epoch }, rows, last] = await Promise.all([registryState(db), selectChecks(db), lastResults(db, now)]);
  return { epoch, seeds: rows.map((row) => ({ check: toCheck(row), last: last.get(row.id) ?? null })) };
}

/** The watched ones of these services. */
export async function checksOf(db: Db, ids: readonly number[]): Promise<Check[]> {
  return (await selectChecks(db, inArray(services.id, idList(ids)))).map(toCheck);
}

/**
 * Returns what the services need, directly and indirectly, as far as this hub probes it; of each at most `limit`, the
 * nearest first. A dependency is `service`, `project/service` or `hub/project/service`. `hubId`: this hub.
 */
export async function dependenciesOf(db: Db, ids: readonly number[], hubId: string, limit: number): Promise<Check[]> {
  const own = `${hubId}/`;
  const statements = ids.map((id) =>
    db.all<{ id: number }>(sql`
      WITH RECURSIVE needed (id, project_id, depends_on) AS (
        SELECT id, project_id, depends_on FROM services WHERE id = ${id}
        UNION
        SELECT found.id, found.project_id, found.depends_on
        FROM needed, json_each(${jsonItems(sql`needed.depends_on`)}) AS wanted
        JOIN (SELECT ${own} AS own) AS hub
        LEFT JOIN projects ON projects.name = substr(${placeSql}, 1, instr(${placeSql}, '/') - 1)
        JOIN services AS found
          ON found.project_id = iif(instr(${placeSql}, '/') = 0, needed.project_id, projects.id)
          AND found.name = substr(${placeSql}, instr(${placeSql}, '/') + 1)
        LIMIT ${limit + 1}
      )
      SELECT id FROM needed WHERE id <> ${id}`),
  );
  const found = new Set((await Promise.all(statements)).flat().map((row) => row.id));
  if (found.size === 0) return [];
  return (await checksOf(db, [...found])).filter(isProbedByHub);
}

/** The reference without the name of this hub. That of another hub keeps two slashes, and no service has such a name. */
const placeSql = sql.raw(
  "iif(instr(wanted.value, hub.own) = 1, substr(wanted.value, length(hub.own) + 1), wanted.value)",
);

/**
 * Returns the newest result of each service, by service id. Searches the last rounds of the service's lane. Old
 * releases gave each service a lane of its own with a negative number; that lane is searched too. Rounds of a clock that
 * was ahead are left out.
 */
async function lastResults(db: Db, now: number): Promise<Map<number, LastRound>> {
  const until = now + MAX_AGENT_AHEAD_MS;
  const newest = (lane: SQL) =>
    sql`(SELECT max(due_at) FROM rounds WHERE rounds.lane = ${lane} AND due_at <= ${until})`;
  const rows = await db.all<{ at: number; result: string }>(sql`
    WITH recent (lane, since) AS (
      SELECT lane, ${newest(sql`shared.lane`)} - ${ROUNDS_BACK * 1_000} * health_interval
      FROM (SELECT DISTINCT lane, health_interval FROM services) AS shared
      UNION ALL
      SELECT old.value, ${newest(sql`old.value`)} FROM services, json_each(${jsonItems(services.lanes)}) AS old WHERE old.value < 0
    )
    SELECT max(rounds.started_at) AS at, result.value AS result
    FROM recent
    CROSS JOIN rounds ON rounds.lane = recent.lane AND rounds.due_at >= recent.since AND rounds.due_at <= ${until}
    CROSS JOIN json_each(${jsonItems(rounds.results)}) AS result
    WHERE result.type = 'array'
    GROUP BY result.value ->> 0`);
  return new Map(
    rows.map(({ at, result }) => {
      const [serviceId, verdict, , latency_ms, error, details]: RoundResult = JSON.parse(result);
      return [serviceId, { at, verdict: verdictOf(verdict), latency_ms, error, details: details ?? {} }];
    }),
  );
}
