/** A project as callers name it in a query string: by name, or by id. */
import type { Db } from "../store/database.ts";
import { getProjectByName } from "../store/projects.ts";

/** No project has it. */
const NONE = 0;

/** The id; 0 when there is no such project. A name of digits only wins over an id. */
export async function resolveProject(db: Db, reference: string): Promise<number> {
  const named = await getProjectByName(db, reference);
  if (named !== undefined) return named.id;
  return /^\d{1,15}$/.test(reference) ? Number(reference) : NONE;
}
