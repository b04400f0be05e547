/** Finds the project that a query parameter names, by name or by id. */
import type { Db } from "../../store/database.ts";
import { getProjectByName } from "../../store/registry/projects.ts";

/** No project has this id, because ids start at 1. */
const NONE = 0;

/**
 * Returns the project's id, or 0 for an unknown name. A reference of digits is an id, unless a project has that name.
 */
export async function resolveProject(db: Db, reference: string): Promise<number> {
  const named = await getProjectByName(db, reference);
  if (named !== undefined) return named.id;
  return /^\d{1,15}$/.test(reference) ? Number(reference) : NONE;
}
