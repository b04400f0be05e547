/** Compares the classes of Durable Objects with their migrations. */

import type { DeployedConfig, ObjectMigration } from "./config.ts";
import { type Finding, orFine, warn, wrong } from "./finding.ts";

/** Each class that is bound is exported and created; each class that is deleted is bound no longer. */
export function objectFindings(
  { durable_objects, migrations }: Pick<DeployedConfig, "durable_objects" | "migrations">,
  exported: readonly string[],
): Finding[] {
  const bound = new Set(durable_objects.bindings.map(({ class_name }) => class_name));
  const { live, deletedBy, problems } = migrated(migrations);
  for (const name of bound) {
    const tag = deletedBy.get(name);
    if (!exported.includes(name)) problems.push(`class ${name}: the entry of the Worker does not export it`);
    if (tag !== undefined) problems.push(`class ${name}: migration ${tag} deletes it, and it is still bound`);
    else if (!live.has(name)) problems.push(`class ${name}: no migration creates it`);
  }
  const unbound = [...live].filter((name) => !bound.has(name));
  return [
    ...orFine(problems.map(wrong), `Durable Objects: all ${bound.size} classes are exported and created`),
    ...unbound.map((name) => warn(`class ${name}: it is not bound, and no migration deletes its objects`)),
  ];
}

/**
 * Returns one migration in place of all, for an account without this Worker: the first ones would ask it to create classes
 * that the code no longer has. The tag is the last one, so that the next deployment goes on behind it.
 */
export function collapsedMigration(migrations: readonly ObjectMigration[]): ObjectMigration {
  const tag = migrations.at(-1)?.tag;
  if (tag === undefined) throw new Error("wrangler.toml: expected migrations of Durable Objects");
  return { tag, new_sqlite_classes: [...migrated(migrations).live] };
}

/** Follows the migrations in their order, as Cloudflare does. `deletedBy`: the tag, by class. */
function migrated(migrations: readonly ObjectMigration[]) {
  const live = new Set<string>();
  const deletedBy = new Map<string, string>();
  const tags = new Set<string>();
  const problems: string[] = [];
  const create = (name: string, tag: string) => {
    if (live.has(name)) problems.push(`class ${name}: migration ${tag} creates it again`);
    live.add(name);
    deletedBy.delete(name);
  };
  const end = (name: string, tag: string, what: string) => {
    if (!live.delete(name))
      problems.push(`class ${name}: migration ${tag} ${what} it, and no migration before creates it`);
  };
  for (const { tag, ...step } of migrations) {
    if (tags.has(tag)) problems.push(`migration ${tag}: there are two with this tag`);
    tags.add(tag);
    for (const name of [...(step.new_classes ?? []), ...(step.new_sqlite_classes ?? [])]) create(name, tag);
    for (const { from, to } of step.renamed_classes ?? []) {
      end(from, tag, "renames");
      create(to, tag);
    }
    for (const name of step.deleted_classes ?? []) {
      end(name, tag, "deletes");
      deletedBy.set(name, tag);
    }
  }
  return { live, deletedBy, problems };
}
