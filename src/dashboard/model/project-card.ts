/** The health of each project, for its tile and for the head of its page. */
import { overallHealth } from "../../core/service/health.ts";
import type { Health, ProjectStatus } from "../../core/service/records.ts";
import type { Project } from "../api/queries.ts";
import type { ServiceRow } from "../live/service-row.ts";
import { type StatusCounts, zeroCounts } from "./status-counts.ts";

export interface ProjectCard {
  id: number;
  name: string;
  status: ProjectStatus;
  health: Health;
  /** Numbers of enabled services. */
  counts: StatusCounts;
  /** Number of services, disabled ones included. */
  total: number;
}

const HEALTH_ORDER: readonly Health[] = ["unhealthy", "degraded", "unknown", "healthy"];

/** Returns one card for each project, the worst first. Projects without rows get a card when `projects` lists them. */
export function projectCards(rows: Iterable<ServiceRow>, projects: readonly Project[]): ProjectCard[] {
  const cards = new Map<number, ProjectCard>();
  for (const { id, name, status } of projects) {
    cards.set(id, { id, name, status, health: "unknown", counts: zeroCounts(), total: 0 });
  }
  for (const row of rows) {
    const { project_id: id, project: name } = row;
    const known = cards.get(id);
    const card = known ?? { id, name, status: "running", health: "unknown", counts: zeroCounts(), total: 0 };
    if (known === undefined) cards.set(id, card);
    card.total += 1;
    if (row.listed?.enabled !== false) card.counts[row.status] += 1;
  }
  const all = [...cards.values()];
  for (const card of all) card.health = card.status === "stopped" ? "unknown" : overallHealth(card.counts);
  return all.sort((a, b) => concernOf(a) - concernOf(b) || a.name.localeCompare(b.name));
}

/** Stopped and empty projects come last, because they need no attention. */
function concernOf(card: ProjectCard): number {
  return card.status === "stopped" || card.total === 0 ? HEALTH_ORDER.length : HEALTH_ORDER.indexOf(card.health);
}
