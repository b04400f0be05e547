/** Keeps keys that are limited to projects within them. What no route has opened to them is closed. */
import type { Context } from "hono";
import type { z } from "zod";
import { type Reach, reaches } from "../../core/hub/reach.ts";
import type { ProjectRow } from "../../core/service/service-row.ts";
import { isAway } from "../../store/errors.ts";
import { ensureProject, getProjectByName } from "../../store/registry/projects.ts";
import { projectOfService } from "../../store/registry/services.ts";
import type { HubContext, HubEnv, Principal } from "../context.ts";
import { idSchema, nameParams } from "../parameters.ts";
import { orNotFound, Problem } from "../problem.ts";

/**
 * Where a route says which project it concerns: its path has the id of a service or of a project, or the name of a
 * project. `itself`: the route looks after the limits, because it lists what is within them, or reads the project from
 * the body. `agent`: the same for an agent's own key; agents belong to the hub, so no other limited key speaks for one.
 */
export type ProjectFrom = "service" | "project" | "name" | "itself" | "agent";

/** Throws a 403. What does not exist is for the route to say. */
export async function requireReach(
  c: Context<HubEnv>,
  principal: Principal,
  from: ProjectFrom | undefined,
): Promise<void> {
  const { projects } = principal;
  if (projects === null || from === "itself") return;
  if (from === "agent" && principal.scope === "agent") return;
  if (from === undefined || from === "agent") return requireWholeHub(principal);
  const project = await projectIn(c, from);
  if (project !== null) requireProject(projects, project);
}

/** Throws a 403. */
export function requireWholeHub({ projects }: Principal): void {
  if (projects !== null) throw new Problem(403, "the key is limited to projects, and this concerns the whole hub");
}

/**
 * `project_id`: undefined when there is no such project. Throws a 403, the same for what is elsewhere and for what does
 * not exist: names of other projects can't be found out.
 */
export function requireProject(reach: Reach, project_id: number | undefined): void {
  if (reach === null || (project_id !== undefined && reaches(reach, project_id))) return;
  throw new Problem(403, "the key is limited to projects, and this is none of them");
}

/**
 * Returns the project of the name, made when there is none and the key opens the whole hub. Projects may get other names
 * at any moment, so what follows must be written to the project that is returned. Throws a 403.
 */
export async function projectNamed(hub: HubContext, name: string, reach: Reach): Promise<ProjectRow> {
  if (reach === null) return await ensureProject(hub.db, name, hub.now());
  const row = await getProjectByName(hub.db, name);
  requireProject(reach, row?.id);
  return orNotFound(row, "project");
}

/** Null: the path names no project, and no service of one. */
async function projectIn(c: Context<HubEnv>, from: "service" | "project" | "name"): Promise<number | undefined | null> {
  const { hub } = c.var;
  if (from === "name") {
    const name = read(nameParams.shape.project, c.req.param("project"));
    return name === undefined ? null : (await getProjectByName(hub.db, name))?.id;
  }
  const id = read(idSchema, c.req.param("id"));
  if (id === undefined) return null;
  return from === "project" ? id : ((await serviceProject(hub, id)) ?? null);
}

/** While the database is away, the live board knows the projects of what is watched. */
async function serviceProject(hub: HubContext, id: number): Promise<number | undefined> {
  try {
    return await projectOfService(hub.db, id);
  } catch (error) {
    if (!isAway(error)) throw error;
    const known = await hub.remembered(id);
    if (known === null) throw error;
    return known.project_id;
  }
}

/** As the route itself reads the part of the path. Undefined: it refuses it. */
function read<T>(schema: z.ZodType<T>, text: string | undefined): T | undefined {
  return schema.safeParse(text).data;
}
