/** The plan of a manifest as text. */
import { type Paint, printable } from "./text.ts";

/** Names of services; `unchanged` is a number of services. */
export interface Plan {
  create: string[];
  update: string[];
  delete: string[];
  unchanged: number;
}

export interface ProjectPlan {
  project: string;
  /** Whether the project does not exist yet. */
  is_new: boolean;
  plan: Plan;
  /** The project of the plan; null: it does not exist yet. */
  revision: string | null;
}

export function planLines(plans: readonly ProjectPlan[], paint: Paint): string[] {
  return [...plans.flatMap((each) => projectLines(each, paint)), totalLine(plans)];
}

function projectLines({ project, is_new, plan }: ProjectPlan, paint: Paint): string[] {
  const head = `project ${printable(project)}`;
  const changes = [
    ...plan.create.map((name) => paint(`  + create  ${printable(name)}`, "green")),
    ...plan.update.map((name) => paint(`  ~ update  ${printable(name)}`, "yellow")),
    ...plan.delete.map((name) => paint(`  - delete  ${printable(name)}`, "red")),
  ];
  const unchanged = plan.unchanged === 0 ? [] : [`    unchanged: ${plan.unchanged}`];
  return [is_new ? paint(`+ ${head}`, "green") : `  ${head}`, ...changes, ...unchanged, ""];
}

function totalLine(plans: readonly ProjectPlan[]): string {
  const { create, update, remove } = totals(plans);
  return `Plan: ${create} to add, ${update} to change, ${remove} to delete.`;
}

export function appliedLine(plans: readonly ProjectPlan[]): string {
  const { create, update, remove } = totals(plans);
  return `Applied: ${create} added, ${update} changed, ${remove} deleted.`;
}

/** A new project is a change, even without services. */
export function changesAnything(plans: readonly ProjectPlan[]): boolean {
  const { create, update, remove } = totals(plans);
  return create + update + remove > 0 || plans.some(({ is_new }) => is_new);
}

function totals(plans: readonly ProjectPlan[]) {
  const sum = (key: "create" | "update" | "delete") => plans.reduce((count, { plan }) => count + plan[key].length, 0);
  return { create: sum("create"), update: sum("update"), remove: sum("delete") };
}
