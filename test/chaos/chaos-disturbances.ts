/**
 * What is done to the hub and to the agent in a run of chaos, and when they can't look because of it. Pure; times in ms
 * from the start of the run.
 */

import { breakerStride } from "../../src/core/status/breaker.ts";

/** The run begins this long before a full minute, so that the seed settles how disturbances lie to the cron. */
export const FIRST_MINUTE_MS = 30_000;
const MINUTE_MS = 60_000;
/** The hub plans from so long after a full minute on, for a minute. */
const PLAN_LEAD_MS = 15_000;
/** What a restart after a kill is expected to take; the oracle knows what it took. */
const RESTART_MS = 5_000;
/** The start and the end of the run are undisturbed. */
export const START_MS = 3_000;
/** Between two disturbances. */
const DISTANCE_MS = 2_000;
const TRIES = 2_000;

export interface Span {
  from: number;
  until: number;
}

/** Who looks; a heartbeat calls in itself. */
export type Eye = "hub" | "agent" | "heartbeat";

/**
 * `tick late`: the tick of a full minute comes at the end; `tick lost`: it never comes; `tick twice`: there is one more.
 * `stall`: the hub stands still again and again; `rush`: it has a lot to answer. `lock`: the database. `link`: between
 * the two hubs. `agent clock`: the clock of the agent's machine is wrong until the end. Of a simulated hub only:
 * `hub clock`: it steps, and `lane`: one object of the hub throws or hangs.
 */
export type Kind =
  | ("kill" | "pause" | "stall" | "rush" | "lock" | "tick late" | "tick lost" | "tick twice" | "relay" | "link")
  | ("agent kill" | "agent pause" | "agent clock" | "hub clock" | "lane");

export interface Disturbance extends Span {
  kind: Kind;
}

/** How often and for how long, ms. */
export interface Wish {
  kind: Kind;
  times: number;
  lasts: number;
}

/** What decides whether a disturbance concerns a service. `inLane`: it is in the lane that has trouble. */
export interface Watch {
  eye: Eye;
  inLane?: boolean;
  /** Seconds. */
  interval?: number;
}

/** When the hub can't look (or take a heartbeat) because of the disturbance; null: it must go on as ever. */
export function blindSpan({ kind, from, until }: Disturbance, { eye, inLane }: Watch): Span | null {
  switch (kind) {
    case "kill":
    case "pause":
    case "stall":
    case "rush":
    case "hub clock":
      return { from, until };
    case "lane":
      return inLane === true ? { from, until } : null;
    case "agent kill":
    case "agent pause":
      return eye === "agent" ? { from, until } : null;
    case "lock": // a heartbeat is refused meanwhile, by a 5xx that its sender sees
      return eye === "heartbeat" ? { from, until } : null;
    case "tick lost": {
      if (eye !== "hub") return null;
      const minute = minuteAfter(from);
      return { from: minute + PLAN_LEAD_MS, until: minute + PLAN_LEAD_MS + MINUTE_MS };
    }
    default:
      return null;
  }
}

/** When the hub may say that nobody watched; null: it watches, or does not notice that it doesn't. */
export function awaySpan(disturbance: Disturbance): Span | null {
  return disturbance.kind === "lock" ? null : blindSpan(disturbance, { eye: "hub" });
}

export function blindSpans(disturbances: readonly Disturbance[], watch: Watch): Span[] {
  return disturbances.flatMap((each) => blindSpan(each, watch) ?? []);
}

/** Whoever looks is silent, and the hub can tell. After an absence of its own it hears anew, so that silence counts for nothing. */
const SILENCING: readonly Kind[] = ["agent kill", "agent pause", "tick lost"];

/** An agent that is back has looked at everything, and told it, after the gap of an open breaker and a timeout. */
const TIMEOUT_MS = 10_000;

/** When nothing can be heard of the service, although the hub is there. Two that follow closely are one. */
export function silentSpans(disturbances: readonly Disturbance[], watch: Watch): Span[] {
  const silencing = disturbances.filter(({ kind }) => SILENCING.includes(kind));
  const { interval = 0 } = watch;
  const heardAgain = breakerStride("open", Math.max(1, interval)) * interval * 1_000 + TIMEOUT_MS;
  const spans: Span[] = [];
  for (const span of blindSpans(silencing, watch).toSorted((a, b) => a.from - b.from)) {
    const last = spans.at(-1);
    if (last === undefined || span.from > last.until + heardAgain) spans.push({ ...span });
    else last.until = Math.max(last.until, span.until);
  }
  return spans;
}

/** The end of the first `need` ms from `from` on in which the hub is not blind. */
export function seenBy(from: number, need: number, blind: readonly Span[]): number {
  let start = from;
  for (const span of blind.toSorted((a, b) => a.from - b.from)) {
    if (span.until > start && span.from < start + need) start = span.until;
  }
  return start + need;
}

function minuteAfter(at: number): number {
  return FIRST_MINUTE_MS + Math.ceil((at - FIRST_MINUTE_MS) / MINUTE_MS) * MINUTE_MS;
}

/** Trouble of different parts is independent; that of one part keeps some distance from each other. */
export function planDisturbances(wishes: readonly Wish[], durationMs: number, random: () => number): Disturbance[] {
  const minutesFirst = wishes.toSorted((a, b) => Number(b.kind.startsWith("tick")) - Number(a.kind.startsWith("tick")));
  const placed: Disturbance[] = [];
  for (const { kind, times, lasts } of minutesFirst) {
    for (let time = 0; time < times; time++) {
      const room = { from: START_MS, until: durationMs - START_MS - recoveryRoom(kind) };
      const rivals = placed.filter((each) => partOf(each.kind) === partOf(kind));
      placed.push(place(kind, lasts, room, rivals, random));
    }
  }
  return placed.sort((a, b) => a.from - b.from);
}

/** What is disturbed. */
function partOf(kind: Kind): Kind | "hub" | "agent" {
  switch (kind) {
    case "relay":
    case "link":
    case "agent clock":
    case "lane":
      return kind;
    case "agent kill":
    case "agent pause":
      return "agent";
    default:
      return "hub";
  }
}

/** The relay may be missed for 30 s after it is back, and is better back before the end. */
const recoveryRoom = (kind: Kind) => (kind === "relay" || kind === "link" ? 10_000 : 3_000);

function place(
  kind: Kind,
  lasts: number,
  room: Span,
  rivals: readonly Disturbance[],
  random: () => number,
): Disturbance {
  for (let tries = 0; tries < TRIES; tries++) {
    const at = room.from + random() * (room.until - room.from - lasts);
    const from = kind === "tick late" || kind === "tick lost" ? minuteAfter(at) - lasts / 3 : at;
    const wanted = spanOf(kind, Math.round(from), lasts);
    const whole = reach(wanted);
    const isFree = rivals
      .map(reach)
      .every((one) => whole.until + DISTANCE_MS <= one.from || one.until + DISTANCE_MS <= whole.from);
    if (isFree && whole.from >= room.from && whole.until <= room.until) return wanted;
  }
  throw new Error(`there is no room for a disturbance of ${lasts} ms (${kind})`);
}

function spanOf(kind: Kind, from: number, lasts: number): Disturbance {
  const restart = kind === "kill" || kind === "agent kill" ? RESTART_MS : 0;
  return { kind, from, until: from + lasts + restart };
}

function reach(disturbance: Disturbance): Span {
  return {
    from: disturbance.from,
    until: Math.max(disturbance.until, blindSpan(disturbance, { eye: "hub" })?.until ?? 0),
  };
}
