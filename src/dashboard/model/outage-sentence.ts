/** Tells in one sentence what is broken: the cause first, since when, and what it took along. */
import type { Outages } from "../api/queries.ts";
import { count, timeOfDay } from "./format.ts";

type Outage = Outages["outages"][number];
type Troubled = Outage["cause"];

const MAX_NAMED = 3;

/** A part of a sentence; a name that leads to its service, which `id` names. */
export type SentencePart = string | { id: number; name: string };

/** Returns null when nothing is down or degraded. `now`: Unix ms. */
export function outageSentence(outages: Outages, now: number): SentencePart[] | null {
  const [first] = outages.outages;
  if (first === undefined) return degradedSentence(outages, now);
  const rest = outages.outage_count - 1;
  const others = rest === 0 ? "" : ` ${count(rest, "other service")} ${rest === 1 ? "is" : "are"} down independently.`;
  return [...oneOutage(first, now), `.${others}`];
}

export function plainText(parts: readonly SentencePart[]): string {
  return parts.map((part) => (typeof part === "string" ? part : part.name)).join("");
}

function oneOutage({ cause, affected, affected_count }: Outage, now: number): SentencePart[] {
  const what = cause.watched ? ` ${downSince(cause, now)}` : ` was down when its checks were stopped${at(cause, now)}`;
  const victims =
    affected_count === 0
      ? []
      : [`; ${count(affected_count, "service")} affected: `, ...linked(affected, affected_count)];
  return [linkOf(cause), what, ...victims];
}

function degradedSentence({ degraded, degraded_count }: Outages, now: number): SentencePart[] | null {
  const [first] = degraded;
  if (first === undefined) return null;
  if (degraded_count > 1) return [...linked(degraded, degraded_count), " are degraded; nothing is down."];
  const why = first.error === null ? "" : ` (${first.error})`;
  return [linkOf(first), ` is degraded${since(first, now)}${why}; nothing is down.`];
}

/** A service of another hub has no page here. */
function linkOf(service: Troubled): SentencePart {
  return service.id === null ? nameOf(service) : { id: service.id, name: service.name };
}

/** As `listed`, of services. */
function linked(services: readonly Troubled[], all: number): SentencePart[] {
  const links = services.map(linkOf);
  const text = listed(
    services.map((_, index) => `\0${index}\0`),
    all,
  );
  return text.split("\0").map((part, index) => (index % 2 === 1 ? (links[Number(part)] ?? "") : part));
}

/** Names some, and counts the others. */
export function listed(names: readonly string[], all: number): string {
  const named = names.slice(0, all > MAX_NAMED + 1 ? MAX_NAMED : MAX_NAMED + 1);
  const more = all - named.length;
  const parts = more > 0 ? [...named, `${count(more, "other")}`] : named;
  const last = parts.at(-1) ?? "";
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(", ")} and ${last}`;
}

/** A service of another hub has that hub's name before its own. */
export function nameOf({ id, hub_id, name }: Pick<Troubled, "id" | "hub_id" | "name">): string {
  return id === null ? `${hub_id}/${name}` : name;
}

function downSince(service: Troubled, now: number): string {
  return service.since === null ? "is down" : `has been down${since(service, now)}`;
}

function at({ since }: Troubled, now: number): string {
  return since === null ? "" : ` at ${timeOfDay(Date.parse(since), now)}`;
}

function since(service: Troubled, now: number): string {
  return service.since === null ? "" : ` since ${timeOfDay(Date.parse(service.since), now)}`;
}
