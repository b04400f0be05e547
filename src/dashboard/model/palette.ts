/** Finds what a person means by a few letters: a service, a project, a tag, a page or an action. */
import type { ServiceRow } from "../live/service-row.ts";
import { concern, STATUS_WORDS } from "./status.ts";

export type HitKind = "service" | "project" | "tag" | "page" | "action";

export interface Hit {
  kind: HitKind;
  /** Unique among the hits. */
  key: string;
  name: string;
  /** Beside the name. */
  detail: string;
  /** The address that it leads to. */
  path: string;
}

export interface Sources {
  rows: Iterable<ServiceRow>;
  projects: readonly { id: number; name: string }[];
  /** Pages and actions, in the order in which they are proposed. */
  pages: readonly { kind: "page" | "action"; name: string; path: string }[];
}

const MAX_HITS = 12;

interface Candidate extends Hit {
  /** Lower is better. */
  rank: number;
  /** Among equals: what needs attention comes first. */
  weight: number;
}

/** Every word must be somewhere. Without words: what needs attention, then the pages. */
export function hitsFor(query: string, sources: Sources): Hit[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return candidates(words, sources)
    .sort((a, b) => a.rank - b.rank || a.weight - b.weight || (a.name < b.name ? -1 : 1))
    .slice(0, MAX_HITS)
    .map(({ rank: _rank, weight: _weight, ...hit }) => hit);
}

function candidates(words: readonly string[], { rows, projects, pages }: Sources): Candidate[] {
  const all = [...rows];
  const tags = new Set(all.flatMap(({ listed }) => listed?.tags ?? []));
  return [
    ...all.flatMap((row) => serviceHit(row, words)),
    ...(words.length === 0
      ? []
      : projects.flatMap(({ id, name }) => plainHit("project", name, `/projects/${id}`, words))),
    ...(words.length === 0
      ? []
      : [...tags].flatMap((tag) => plainHit("tag", tag, `/services?tag=${encodeURIComponent(tag)}`, words))),
    ...pages.flatMap(({ kind, name, path }) => plainHit(kind, name, path, words)),
  ];
}

function serviceHit(row: ServiceRow, words: readonly string[]): Candidate[] {
  const isTrouble = row.status === "down" || row.status === "degraded";
  if (words.length === 0 && !isTrouble) return [];
  const rank = rankOf([row.name, row.project, row.listed?.url ?? ""], words);
  if (rank === null) return [];
  const detail = `${row.project} · ${STATUS_WORDS[row.status].toLowerCase()}`;
  const hit = {
    kind: "service" as const,
    key: `service ${row.id}`,
    name: row.name,
    detail,
    path: `/services/${row.id}`,
  };
  return [{ ...hit, rank, weight: concern(row.status) }];
}

const DETAILS: Readonly<Record<Exclude<HitKind, "service">, string>> = {
  project: "project",
  tag: "services with this tag",
  page: "page",
  action: "action",
};
/** Of two that match alike, a service is meant rather than a page. */
const WEIGHTS: Readonly<Record<Exclude<HitKind, "service">, number>> = { project: 10, page: 11, action: 12, tag: 13 };

function plainHit(
  kind: Exclude<HitKind, "service">,
  name: string,
  path: string,
  words: readonly string[],
): Candidate[] {
  const rank = rankOf([name], words);
  if (rank === null) return [];
  return [{ kind, key: `${kind} ${name}`, name, detail: DETAILS[kind], path, rank, weight: WEIGHTS[kind] }];
}

/** How well the texts fit, the first of which is the name; null: a word is nowhere. */
function rankOf(texts: readonly string[], words: readonly string[]): number | null {
  const [name = ""] = texts.map((text) => text.toLowerCase());
  const ranks = words.map((word) => {
    if (name === word) return 0;
    if (name.startsWith(word)) return 1;
    if (name.split(/[^a-z0-9]+/).some((part) => part.startsWith(word))) return 2;
    if (name.includes(word)) return 3;
    const at = texts.slice(1).findIndex((text) => text.toLowerCase().includes(word));
    return at < 0 ? Number.POSITIVE_INFINITY : 4 + at;
  });
  const sum = ranks.reduce((total, rank) => total + rank, 0);
  return Number.isFinite(sum) ? sum : null;
}
