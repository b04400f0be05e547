/** Names that the hub knows, offered while a person types, and names that it does not know. */
import { splitList } from "./service-form.ts";

export interface KnownService {
  project: string;
  name: string;
}

const MAX_OFFERED = 50;

/**
 * Returns whole texts for a field: what stands there, with its last word completed. `isList`: the field takes several
 * names with commas.
 */
export function completions(text: string, known: Iterable<string>, isList: boolean): string[] {
  const [, before = "", word = ""] = (isList ? /^(.*[\s,])?([^\s,]*)$/s : /^()(.*)$/s).exec(text) ?? [];
  const wanted = word.trim().toLowerCase();
  const used = new Set(splitList(before));
  const first: string[] = [];
  const others: string[] = [];
  for (const name of known) {
    if (used.has(name) || name === word) continue;
    if (name.startsWith(wanted)) first.push(name);
    else if (name.includes(wanted)) others.push(name);
  }
  const sorted = [...first.toSorted(), ...others.toSorted()].slice(0, MAX_OFFERED);
  return sorted.map((name) => before + name);
}

export const pathOf = ({ project, name }: KnownService) => `${project}/${name}`;

/** Returns the dependencies that are no known service, as `project/name`. Those of other hubs are not judged. */
export function unknownDependencies(
  { depends_on, project }: { depends_on: string; project: string },
  known: Iterable<KnownService>,
): string[] {
  const paths = splitList(depends_on).map((word) => (word.includes("/") ? word : `${project.trim()}/${word}`));
  const own = new Set(paths.filter((path) => /^[^/]+\/[^/]+$/.test(path)));
  if (own.size > 0) for (const service of known) own.delete(pathOf(service));
  return [...own];
}
