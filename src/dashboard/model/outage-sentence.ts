/** Tells in one sentence what is broken: the cause first, since when, and what it took along. */
import type { Outages } from "../api/queries.ts";
import { count, timeOfDay } from "./format.ts";

type Outage = Outages["outages"][number];
type Troubled = Outage["cause"];

const MAX_NAMED = 3;

/** Returns null when nothing is down or degraded. `now`: Unix ms. */
export function outageSentence(outages: Outages, now: number): string | null {
  const [first] = outages.outages;
  if (first === undefined) return degradedSentence(outages, now);
  const rest = outages.outage_count - 1;
  const others = rest === 0 ? "" : ` ${count(rest, "other service")} ${rest === 1 ? "is" : "are"} down independently.`;
  return `${oneOutage(first, now)}.${others}`;
}

function oneOutage({ cause, affected, affected_count }: Outage, now: number): string {
  const what = cause.watched
    ? `${nameOf(cause)} ${downSince(cause, now)}`
    : `${nameOf(cause)} was down when its checks were stopped${at(cause, now)}`;
  if (affected_count === 0) return what;
  return `${what}; ${count(affected_count, "service")} affected: ${listed(affected.map(nameOf), affected_count)}`;
}

function degradedSentence({ degraded, degraded_count }: Outages, now: number): string | null {
  const [first] = degraded;
  if (first === undefined) return null;
  if (degraded_count > 1) return `${listed(degraded.map(nameOf), degraded_count)} are degraded; nothing is down.`;
  const why = first.error === null ? "" : ` (${first.error})`;
  return `${nameOf(first)} is degraded${since(first, now)}${why}; nothing is down.`;
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
