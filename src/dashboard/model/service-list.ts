/** Selects and orders the services of a list. */
import { SERVICE_TYPES, type ServiceType, STATUSES, type Status } from "../../core/service/records.ts";
import type { ServiceRow } from "../live/service-row.ts";
import { concern } from "./status.ts";

export const SORTS = ["concern", "name", "project", "latency", "since"] as const;
export type Sort = (typeof SORTS)[number];

export const SORT_WORDS: Record<Sort, string> = {
  concern: "Worst first",
  name: "Name",
  project: "Project",
  latency: "Slowest first",
  since: "Latest change first",
};

/** In a filter, empty text or null means any value. */
export interface ListView {
  q: string;
  status: Status | null;
  project: string;
  type: ServiceType | null;
  tag: string;
  sort: Sort;
  layout: "list" | "grid";
}

export const DEFAULT_VIEW: ListView = {
  q: "",
  status: null,
  project: "",
  type: null,
  tag: "",
  sort: "concern",
  layout: "list",
};

/** Reads a query string. Unknown values are ignored. */
export function parseView(search: string): ListView {
  const query = new URLSearchParams(search);
  const text = (name: string) => (query.get(name) ?? "").slice(0, 200);
  return {
    q: text("q"),
    status: oneOf(STATUSES, query.get("status")),
    project: text("project"),
    type: oneOf(SERVICE_TYPES, query.get("type")),
    tag: text("tag"),
    sort: oneOf(SORTS, query.get("sort")) ?? DEFAULT_VIEW.sort,
    layout: query.get("layout") === "grid" ? "grid" : "list",
  };
}

/** Returns a query string with its question mark. It has no default values; for the default view it is empty. */
export function viewSearch(view: ListView): string {
  const entries = Object.entries(view).filter(([name, value]) => value !== DEFAULT_VIEW[name as keyof ListView]);
  const query = new URLSearchParams(entries.map(([name, value]) => [name, String(value ?? "")]));
  return query.size === 0 ? "" : `?${query}`;
}

export function isFiltered(view: ListView): boolean {
  return view.q !== "" || view.status !== null || view.project !== "" || view.type !== null || view.tag !== "";
}

/**
 * Every word of `q` must be part of the name or of the project. `causes`: ids of services that took others along; among
 * the worst they come first.
 */
export function listRows(
  rows: Iterable<ServiceRow>,
  view: ListView,
  causes: ReadonlySet<number> = new Set(),
): ServiceRow[] {
  const words = view.q.toLowerCase().split(/\s+/).filter(Boolean);
  const shown: ServiceRow[] = [];
  for (const row of rows) if (matches(row, view, words)) shown.push(row);
  return shown.sort(comparison(view.sort, causes));
}

/** Returns all tags that services have, in alphabetical order. */
export function tagsOf(rows: Iterable<ServiceRow>): string[] {
  const tags = new Set<string>();
  for (const row of rows) for (const tag of row.listed?.tags ?? []) tags.add(tag);
  return [...tags].sort();
}

function matches(row: ServiceRow, view: ListView, words: readonly string[]): boolean {
  if (view.status !== null && row.status !== view.status) return false;
  if (view.project !== "" && row.project !== view.project) return false;
  if (view.type !== null && row.type !== view.type) return false;
  if (view.tag !== "" && row.listed?.tags.includes(view.tag) !== true) return false;
  const text = `${row.project}/${row.name}`;
  return words.every((word) => text.includes(word));
}

type Comparison = (a: ServiceRow, b: ServiceRow) => number;

/** Names consist of a-z, 0-9, _ and -. Code units sort them well, and much faster than localeCompare does. */
const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
const byName: Comparison = (a, b) => byText(a.name, b.name) || byText(a.project, b.project);

function comparison(sort: Sort, causes: ReadonlySet<number>): Comparison {
  const isVictim = ({ id }: ServiceRow) => Number(!causes.has(id));
  switch (sort) {
    case "concern":
      return (a, b) => concern(a.status) - concern(b.status) || isVictim(a) - isVictim(b) || byName(a, b);
    case "name":
      return byName;
    case "project":
      return (a, b) => byText(a.project, b.project) || byText(a.name, b.name);
    case "latency":
      return (a, b) => (b.latency_ms ?? -1) - (a.latency_ms ?? -1) || byName(a, b);
    case "since":
      return (a, b) => b.since - a.since || byName(a, b);
  }
}

function oneOf<T extends string>(values: readonly T[], text: string | null): T | null {
  return values.find((value) => value === text) ?? null;
}
