/** The uptime of many services by the day, for a glance at three months of each. */
import { and, asc, eq, getTableColumns, gte, inArray, lt, sql } from "drizzle-orm";
import { type Downtime, unwatched } from "../../core/downtime/downtime.ts";
import { uptimes } from "../../core/downtime/uptime.ts";
import { type Db, idList } from "../database.ts";
import { flips, services } from "../tables/hub-tables.ts";
import { DAY_MS, dayOf } from "./days.ts";
import { CHANGE, toChanges } from "./flips.ts";

/** Of each service, the newest that are read. A service that flaps for weeks has very many. */
const MAX_CHANGES = 2_000;

export interface DailyUptimes {
  /** Starts of the days, Unix ms. */
  days: number[];
  services: {
    id: number;
    /** In the order of `days`; null: no status is known of that day. */
    uptime: (number | null)[];
  }[];
}

interface Wanted {
  ids: readonly number[];
  /** How many days, with today; today ends now. */
  days: number;
  /** Unix ms. */
  now: number;
  gaps: readonly Downtime[];
  /** Only of these projects. */
  within?: readonly number[] | undefined;
}

/** Exact, computed from flips as in the history of one service. Services that do not exist are left out. */
export async function dailyUptimes(db: Db, { ids, days: count, now, gaps, within }: Wanted): Promise<DailyUptimes> {
  const days = Array.from({ length: count }, (_, index) => dayOf(now) - (count - 1 - index) * DAY_MS);
  const edges = [...days, now];
  const from = days[0] ?? now;
  const wanted = and(
    inArray(services.id, idList(ids)),
    within === undefined ? undefined : inArray(services.project_id, idList(within)),
  );
  const { id, health_interval, health_method, agent } = getTableColumns(services);
  const [rows, changes] = await db.batch([
    db.select({ id, health_interval, health_method, agent }).from(services).where(wanted).orderBy(asc(services.id)),
    db
      .select({ service_id: flips.service_id, ...CHANGE })
      .from(services)
      .crossJoin(flips) // in this order: the index of flips is searched for each service
      .where(and(wanted, eq(flips.service_id, services.id), lt(flips.began_at, now), gte(flips.seq, firstSeq(from))))
      .orderBy(asc(services.id), asc(flips.seq)),
  ]);
  const byService = Map.groupBy(changes, ({ service_id }) => service_id);
  const recent = gaps.filter(({ to }) => to > from);
  return {
    days,
    services: rows.map((row) => {
      const mine = byService.get(row.id) ?? [];
      const known = uptimes({ ...toChanges(mine, now), unwatched: unwatched(recent, row) }, edges);
      const since = mine.length > MAX_CHANGES ? (mine[0]?.at ?? now) : from;
      return { id: row.id, uptime: known.map((ratio, index) => ((days[index] ?? from) < since ? null : ratio)) };
    }),
  };
}

/** The seq of the flip that held at `from` (Unix ms), or of the oldest that is read. */
function firstSeq(from: number) {
  const oldest = sql`coalesce((SELECT max(seq) FROM flips AS newest WHERE newest.service_id = ${services.id}), 0) - ${sql.raw(String(MAX_CHANGES))}`;
  return sql`coalesce(
    (SELECT seq FROM flips AS known WHERE known.service_id = ${services.id} AND known.seq >= ${oldest} AND known.at < ${from}
      ORDER BY seq DESC LIMIT 1), ${oldest})`;
}
