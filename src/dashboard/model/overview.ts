/** The hub at a glance: one sentence, counts, projects. */
import { overallHealth } from "../../core/health.ts";
import type { Health, ProjectStatus, Status } from "../../core/records.ts";
import type { Project } from "../api/queries.ts";
import type { ServiceRow } from "../live/service-row.ts";
import { count } from "./format.ts";

export type Counts = Record<Status, number>;

const noCounts = (): Counts => ({ unknown: 0, up: 0, degraded: 0, down: 0 });

/** Services that somebody watches, by status. */
export function countRows(rows: Iterable<ServiceRow>): Counts {
  const counts = noCounts();
  for (const row of rows) if (row.listed?.enabled !== false) counts[row.status] += 1;
  return counts;
}

export interface Verdict {
  health: Health;
  /** Answers "is everything all right?". */
  sentence: string;
}

export function verdict(rows: Iterable<ServiceRow>): Verdict {
  const all = [...rows].filter((row) => row.listed?.enabled !== false);
  const counts = countRows(all);
  const health = overallHealth(counts);
  const total = all.length;
  if (total === 0) return { health, sentence: "Nothing is watched yet." };
  switch (health) {
    case "healthy":
      return { health, sentence: total === 1 ? "The one service is up." : `All ${count(total, "service")} are up.` };
    case "unhealthy":
      return { health, sentence: `${subject(all, "down")} down${also(counts)}.` };
    case "degraded":
      return { health, sentence: `${subject(all, "degraded")} degraded; nothing is down.` };
    case "unknown":
      return { health, sentence: `Nothing is down; ${count(counts.unknown, "service")} not heard of yet.` };
  }
}

/** Names up to two, else counts. */
function subject(rows: readonly ServiceRow[], status: Status): string {
  const hit = rows.filter((row) => row.status === status);
  const names = hit.map((row) => row.name);
  if (hit.length === 1) return `${names[0]} is`;
  return hit.length === 2 ? `${names[0]} and ${names[1]} are` : `${count(hit.length, "service")} are`;
}

function also(counts: Counts): string {
  return counts.degraded === 0 ? "" : `, ${count(counts.degraded, "service")} degraded`;
}

export interface ProjectCard {
  id: number;
  name: string;
  status: ProjectStatus;
  health: Health;
  counts: Counts;
  total: number;
}

const HEALTH_ORDER: readonly Health[] = ["unhealthy", "degraded", "unknown", "healthy"];

/** Live counts for each project, the worst first; `projects` adds those in which nothing is watched. */
export function projectCards(rows: Iterable<ServiceRow>, projects: readonly Project[]): ProjectCard[] {
  const cards = new Map<number, ProjectCard>();
  for (const { id, name, status } of projects) {
    cards.set(id, { id, name, status, health: "unknown", counts: noCounts(), total: 0 });
  }
  for (const row of rows) {
    const { project_id: id, project: name } = row;
    const known = cards.get(id);
    const card = known ?? { id, name, status: "running", health: "unknown", counts: noCounts(), total: 0 };
    if (known === undefined) cards.set(id, card);
    card.total += 1;
    if (row.listed?.enabled !== false) card.counts[row.status] += 1;
  }
  const all = [...cards.values()];
  for (const card of all) card.health = card.status === "stopped" ? "unknown" : overallHealth(card.counts);
  return all.sort((a, b) => concernOf(a) - concernOf(b) || a.name.localeCompare(b.name));
}

/** Stopped and empty projects come last: they concern nobody right now. */
function concernOf(card: ProjectCard): number {
  return card.status === "stopped" || card.total === 0 ? HEALTH_ORDER.length : HEALTH_ORDER.indexOf(card.health);
}
