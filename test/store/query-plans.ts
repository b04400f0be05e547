/**
 * Notes every statement that a test file sends to the database, and asks SQLite afterwards how it finds its rows. A
 * statement that reads a whole table that grows fails the file, unless it stands here with what bounds it. The planner has
 * no statistics here, as on D1.
 */
import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll, expect } from "vitest";

/** What grows with time or with the registry. All other tables have as many rows as people have set up by hand. */
const GROWS = [
  ...["services", "service_revisions", "deleted_containers", "remote_services", "rounds", "rollups", "flips"],
  ...["daily_rollups", "hub_flips", "events", "sessions", "audit", "lane_members"],
];

const bare = (table: string) => new RegExp(`^select [^(]* from "${table}"( order by [^?]*)?( limit \\?)?$`);

/** Of the statements that scan, and what bounds them. The registry has at most 20,000 services. */
const BOUNDED: readonly [statement: RegExp, why: string][] = [
  [/^select distinct "lane" from "services"/, "the planner reads all checks each minute, a page of lanes at a time"],
  [/^select "id", iif\(.* from "services" order by "services"\."lane" asc/, "the rollup goes through all once an hour"],
  [/^INSERT INTO service_revisions .* SELECT id, row_number\(\)/, "a migration"],
  [/^WITH recent \(lane, since\) AS/, "a board that begins reads the registry once"],
  [/^select "services"\."name",.* where \("services"\."enabled" = \? and/, "the same, all checks"],
  [/ from beginnings /, "a reader of the log begins, once"],
  [/^select count\(\*\) as "total" from "services"/, "a list counts what matches, with its first page only"],
  [/^select count\(\*\) as "total", json_group_array\("services"\."id"/, "a filter searches all, for its first page"],
  [
    /^select (?!count)(?!.*where .*"(paused_until|gone_since)" <).* from "services" inner join "projects" .* order by "services"\."id" asc limit \?$/,
    "a page of a list",
  ],
  [/^select .* from "services" inner join "projects" .* order by "services"\."id" asc$/, "the registry as a whole"],
  [/"deleted_containers"/, "deletions of containers that still run; they go with their containers"],
  [/order by "(events|audit)"\."id" desc limit \?$/, "the newest, by the row's id"],
  [/^DELETE FROM (events|audit) WHERE id IN/, "retention looks at the oldest ones, a limited number"],
  [/^select .* from "hub_flips" .* limit \?$/, "the newest, by an index of times"],
  [
    /^select .* from "flips" inner join "services" .* order by "flips"\."at" desc.* limit \?$/,
    "the newest, by an index of times",
  ],
  [
    /^select count\(\*\) as "total" from \(select 1 as "one" from "flips".* limit \?\) "counted"$/,
    "counts 10,000 at most",
  ],
  // What tests themselves look at and write, to see what is there.
  ...GROWS.map((table): [RegExp, string] => [bare(table), "a look of a test"]),
  [/^(SELECT|DELETE|UPDATE) [^?]*$/, "a look of a test: the hub has no statement without a value"],
  [/^update "?(deleted_containers|sessions|services)"? set "?\w+"? = \?$/i, "a test makes all of them older"],
  [/^UPDATE events SET at = \?$/, "a test makes all of them older"],
];

const prototype = Object.getPrototypeOf(env.DB);
const prepare: (this: D1Database, query: string) => D1PreparedStatement = prototype.hubPrepare ?? prototype.prepare;
const seen = new Set<string>();
prototype.hubPrepare = prepare;
prototype.prepare = function (this: D1Database, query: string) {
  seen.add(query.replace(/\s+/g, " ").trim());
  return prepare.call(this, query);
};

async function scansOf(statement: string): Promise<string[]> {
  const values = Array<null>((statement.match(/\?/g) ?? []).length).fill(null);
  const plan = prepare.call(env.DB, `EXPLAIN QUERY PLAN ${statement}`).bind(...values);
  const { results } = await plan.all<{ detail: string }>();
  return results
    .flatMap(({ detail }) => /^SCAN (\w+)(?! VIRTUAL TABLE)/.exec(detail)?.[1] ?? [])
    .flatMap((name) => {
      const table = GROWS.includes(name)
        ? name
        : new RegExp(`"?(\\w+)"? (AS )?"?${name}"?\\b`, "i").exec(statement)?.[1];
      return table !== undefined && GROWS.includes(table) ? [table] : [];
    });
}

afterAll(async () => {
  await reset();
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
  const scanning: string[] = [];
  for (const statement of seen) {
    if (!/^(select|with|insert|update|delete)\b/i.test(statement)) continue;
    if (BOUNDED.some(([pattern]) => pattern.test(statement))) continue;
    const tables = await scansOf(statement).catch(() => []); // a test's own mistake, or a table that it made
    if (tables.length > 0) scanning.push(`reads all of ${tables.join(" and ")}: ${statement}`);
  }
  expect(scanning).toEqual([]);
});
