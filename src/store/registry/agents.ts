/** The agents, and the checks that each of them has to run. */
import { and, asc, eq, gt, inArray, isNotNull, isNull, lt, or, sql } from "drizzle-orm";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { Check } from "../../core/service/check.ts";
import { type ServiceRow, toCheck } from "../../core/service/service-row.ts";
import { isJudgeable } from "../../core/service/unreadable.ts";
import { type Db, idList } from "../database.ts";
import { time } from "../tables/columns.ts";
import { apiKeys, projects, services } from "../tables/hub-tables.ts";
import { isWatched, selectChecks } from "./checks.ts";
import { deletedContainers, forgetDeletedContainers } from "./deleted-containers.ts";
import { selectServices } from "./services.ts";

/** A row that is written each time would cost more than the checks themselves. */
const SEEN_STEP_MS = 30_000;

const agents = sqliteTable("agents", {
  name: text().primaryKey(),
  version: text(),
  host: text(),
  last_seen_at: time(),
  problem: text(),
  waiting: integer().notNull().default(0),
  dropped: integer().notNull().default(0),
  created_at: time().notNull(),
  /** See core/agent-instance.ts. */
  instance: text(),
  /** The host of another process that was refused under this name, and when last. */
  rival: text(),
  rival_at: time(),
});

const agentRevisions = sqliteTable("agent_revisions", {
  agent: text().primaryKey(),
  revision: integer().notNull(),
});

export type AgentRow = typeof agents.$inferSelect & { service_count: number };

/** An agent, in its own words. */
export type AgentAbout = Pick<AgentRow, "version" | "host" | "problem" | "waiting" | "dropped">;

function selectAgents(db: Db) {
  const count = sql<number>`(SELECT count(*) FROM services WHERE services.agent = agents.name)`;
  return db
    .select({
      name: agents.name,
      version: agents.version,
      host: agents.host,
      last_seen_at: agents.last_seen_at,
      instance: agents.instance,
      rival: agents.rival,
      rival_at: agents.rival_at,
      problem: agents.problem,
      waiting: agents.waiting,
      dropped: agents.dropped,
      created_at: agents.created_at,
      service_count: count.as("service_count"),
    })
    .from(agents)
    .$dynamic();
}

export async function listAgents(db: Db): Promise<AgentRow[]> {
  return await selectAgents(db).orderBy(asc(agents.name));
}

export async function getAgent(db: Db, name: string): Promise<AgentRow | undefined> {
  return (await selectAgents(db).where(eq(agents.name, name)))[0];
}

/** Returns those of the agents that nobody has set up. */
export async function missingAgents(db: Db, names: readonly string[]): Promise<Set<string>> {
  const wanted = [...new Set(names)];
  if (wanted.length === 0) return new Set();
  const rows = await db
    .select({ name: agents.name })
    .from(agents)
    .where(sql`${agents.name} IN (SELECT value FROM json_each(${JSON.stringify(wanted)}))`);
  return new Set(wanted).difference(new Set(rows.map(({ name }) => name)));
}

/** Counts the watched services whose agent nobody has set up, and returns the first of them. */
export async function withoutAgent(db: Db, limit: number): Promise<{ count: number; ids: number[] }> {
  const rows = await db
    .select({ id: services.id, count: sql<number>`count(*) OVER ()`.as("total") })
    .from(agentRevisions) // has each agent that a service ever named, so few rows are read where all are set up
    .crossJoin(services)
    .innerJoin(projects, eq(projects.id, services.project_id))
    .where(
      and(
        eq(services.agent, agentRevisions.agent),
        sql`NOT EXISTS (SELECT 1 FROM ${agents} WHERE ${agents.name} = ${agentRevisions.agent})`,
        isWatched,
      ),
    )
    .orderBy(asc(services.id))
    .limit(limit);
  return { count: rows[0]?.count ?? 0, ids: rows.map(({ id }) => id) };
}

/** Returns whether the agent is new. `now`: Unix ms. */
export async function saveAgent(db: Db, name: string, now: number): Promise<boolean> {
  const made = await db
    .insert(agents)
    .values({ name, created_at: now })
    .onConflictDoNothing()
    .returning({ name: agents.name });
  return made.length > 0;
}

/** Its services stay. Its keys go with it; returns their ids, or undefined when there is no such agent. */
export async function removeAgent(db: Db, name: string): Promise<number[] | undefined> {
  const [removed, keys] = await db.batch([
    db.delete(agents).where(eq(agents.name, name)).returning({ name: agents.name }),
    db
      .delete(apiKeys)
      .where(and(eq(apiKeys.scope, "agent"), eq(apiKeys.agent, name)))
      .returning({ id: apiKeys.id }),
    db.delete(deletedContainers).where(eq(deletedContainers.agent, name)),
  ]);
  return removed.length === 0 ? undefined : keys.map(({ id }) => id);
}

/** Notes that the agent was heard of, now and then. `about`: null when it said nothing of itself. `now`: Unix ms. */
export async function sawAgent(db: Db, name: string, about: AgentAbout | null, now: number): Promise<void> {
  const isTime = or(
    sql`${agents.last_seen_at} IS NULL`,
    lt(agents.last_seen_at, now - SEEN_STEP_MS),
    gt(agents.last_seen_at, now), // by a clock that was ahead
    about === null
      ? undefined
      : sql`(${agents.version}, ${agents.host}, ${agents.problem}) IS NOT (${about.version}, ${about.host}, ${about.problem})`,
  );
  await db
    .update(agents)
    .set({ ...about, last_seen_at: now })
    .where(and(eq(agents.name, name), isTime));
}

/** Gives the agent's name to a process. Returns false when another one got it since `holder` was read. */
export async function claimAgent(
  db: Db,
  holder: Pick<AgentRow, "name" | "instance">,
  instance: string | null,
  now: number,
): Promise<boolean> {
  const claimed = await db
    .update(agents)
    .set({ instance, last_seen_at: now, rival: null, rival_at: null })
    .where(and(eq(agents.name, holder.name), sql`${agents.instance} IS ${holder.instance}`))
    .returning({ name: agents.name });
  return claimed.length > 0;
}

/** The process has said goodbye. */
export async function releaseAgent(db: Db, name: string, instance: string): Promise<void> {
  await db
    .update(agents)
    .set({ instance: null })
    .where(and(eq(agents.name, name), eq(agents.instance, instance)));
}

/** Notes that another process was refused, now and then. `now`: Unix ms. */
export async function noteRival(db: Db, name: string, rival: string, now: number): Promise<void> {
  const isTime = or(
    sql`${agents.rival} IS NOT ${rival}`,
    lt(agents.rival_at, now - SEEN_STEP_MS),
    gt(agents.rival_at, now), // by a clock that was ahead
  );
  await db
    .update(agents)
    .set({ rival, rival_at: now })
    .where(and(eq(agents.name, name), isTime));
}

/** Rises with each change of the agent's checks; 0: it never had any. */
export async function agentRevision(db: Db, name: string): Promise<number> {
  const [row] = await db
    .select({ revision: agentRevisions.revision })
    .from(agentRevisions)
    .where(eq(agentRevisions.agent, name));
  return row?.revision ?? 0;
}

/** Names of the projects in which the agent found services. */
export async function projectsOfAgent(db: Db, name: string): Promise<string[]> {
  const rows = await db
    .selectDistinct({ name: projects.name })
    .from(services)
    .innerJoin(projects, eq(projects.id, services.project_id))
    .where(and(eq(services.agent, name), isNotNull(services.container_id)));
  return rows.map((row) => row.name);
}

/** The services of containers that the agent found and that run, in the order of their places. */
export async function containersOfAgent(db: Db, name: string): Promise<ServiceRow[]> {
  const runs = and(eq(services.agent, name), isNotNull(services.container_id), isNull(services.gone_since));
  const rows = await selectServices(db, runs);
  return rows.sort((a, b) => a.project.localeCompare(b.project) || a.name.localeCompare(b.name));
}

/**
 * Deletes services of containers that have not run since `before` (Unix ms), at most `limit`, and returns them. Their
 * history goes with the next retention. What agents that are gone since then had deleted is forgotten.
 */
export async function deleteGoneContainers(db: Db, before: number, limit: number): Promise<ServiceRow[]> {
  await forgetDeletedContainers(db, before);
  const isGone = and(isNotNull(services.agent), isNotNull(services.container_id), lt(services.gone_since, before));
  // By the index of ends; for the order of ids alone SQLite would read all services.
  const found = db.select({ id: services.id }).from(services).where(isGone).limit(limit);
  const gone = await selectServices(db, inArray(services.id, found));
  if (gone.length === 0) return [];
  const ids = idList(gone.map((row) => row.id));
  const deleted = await db
    .delete(services)
    .where(and(inArray(services.id, ids), isGone)) // one that just came back stays
    .returning({ id: services.id });
  return gone.filter(({ id }) => deleted.some((row) => row.id === id));
}

/** The checks of the agent that are watched and can be judged. `ids`: only these. */
export async function agentChecks(db: Db, name: string, ids?: readonly number[]): Promise<Check[]> {
  const wanted = ids === undefined ? undefined : inArray(services.id, idList(ids));
  return (await selectChecks(db, and(eq(services.agent, name), wanted))).map(toCheck).filter(isJudgeable);
}
