/** The hub's summary of this moment, from the live board and the registry. */
import type { Bindings } from "../bindings.ts";
import type { BoardEntry } from "../core/board.ts";
import { type Summary, summarize } from "../core/summary.ts";
import type { Settings } from "../env.ts";
import { openDatabase } from "../store/database.ts";
import { listAllProjects } from "../store/projects.ts";
import { boardOf } from "./monitors.ts";

export async function hubSummary(env: Bindings, settings: Settings): Promise<Summary> {
  return summaryOf(await boardOf(env).entries(), env, settings);
}

export async function summaryOf(entries: readonly BoardEntry[], env: Bindings, settings: Settings): Promise<Summary> {
  const projects = await listAllProjects(openDatabase(env.DB));
  const services = entries.map(({ check, live }) => ({ ...check, live }));
  return summarize(settings.HUB_ID, services, projects, Date.now());
}
