/**
 * What will go wrong in a run of chaos, all of it from one seed: outages and blips of the targets, and what is done to
 * the hub meanwhile. Every outage lasts long enough to be seen in spite of the disturbances, and every blip is short
 * enough to be forgiven. Pure; times in ms from the start of the run.
 */
import { mulberry32 } from "../core/mulberry32.ts";

/** The run begins this long before a full minute, so that the seed settles how disturbances lie to the cron. */
export const FIRST_MINUTE_MS = 30_000;
const MINUTE_MS = 60_000;
/** The hub plans from so long after a full minute on, for a minute. */
const PLAN_LEAD_MS = 15_000;
/** Delay of a check on a machine that does nothing else. */
export const QUIET_SLACK_MS = 2_000;
/** Jitter of the hub's retries. */
const JITTER = 0.2;
const BEAT_MS = 1_000;
/** What a restart after a kill is expected to take; the oracle knows what it took. */
const RESTART_MS = 5_000;
/** A blip lasts at most this part of what the retries forgive. */
const BLIP_PART = 0.75;
const MIN_BLIP_MS = 200;
/** An outage lasts at least and at most so much longer than the hub needs to see it. */
const OUTLASTS_MS = { least: 1_500, most: 9_000 };
/** The start and the end of the run are undisturbed. */
const START_MS = 3_000;
/** Between two disturbances. */
const DISTANCE_MS = 2_000;
const TRIES = 2_000;

export interface Span {
  from: number;
  until: number;
}

/** What a target does instead of an answer with 200. */
export type Way = "refuses" | "breaks off" | "is silent";
export type Eye = "hub" | "agent" | "heartbeat";

export interface Trouble extends Span {
  way: Way;
}

export interface ChaosService {
  name: string;
  /** Who looks; a heartbeat calls in itself. */
  eye: Eye;
  /** Seconds. */
  interval: number;
  /** Seconds. */
  timeout: number;
  retries: number;
  /** How much later than planned a check may be because the machine is busy, ms. */
  slack: number;
  /** The hub must see each. */
  outages: Trouble[];
  /** The hub must forgive each. */
  blips: Trouble[];
}

/**
 * `tick late`: the tick of a full minute comes at the end; `tick lost`: it never comes; `tick twice`: there is one more. `lock`: the database. `link`: between the two hubs.
 */
export type Kind = "kill" | "pause" | "lock" | "tick late" | "tick lost" | "tick twice" | "relay" | "link";

export interface Disturbance extends Span {
  kind: Kind;
}

export interface ChaosOptions {
  seed: number;
  durationMs: number;
  /** Numbers of services by who looks. */
  services: Readonly<Record<Eye, number>>;
  /** Seconds. */
  interval: number;
  disturbances: readonly Wish[];
  /** See `ChaosService`; absent: of a machine that does nothing else. */
  slackMs?: number;
}

/** How often and for how long, ms. */
export interface Wish {
  kind: Kind;
  times: number;
  lasts: number;
}

export interface ChaosPlan {
  seed: number;
  durationMs: number;
  services: ChaosService[];
  /** In the order of their time. */
  disturbances: Disturbance[];
}

export function chaosPlan(options: ChaosOptions): ChaosPlan {
  const random = mulberry32(options.seed);
  const disturbances = planDisturbances(options, random);
  const services = (["hub", "agent", "heartbeat"] as const).flatMap((eye) =>
    Array.from({ length: options.services[eye] }, (_, number) =>
      planService(`${eye}-${number}`, eye, options, blindSpans(disturbances, eye), random),
    ),
  );
  return { seed: options.seed, durationMs: options.durationMs, services, disturbances };
}

/** When the hub can't look (or take a heartbeat) because of the disturbance; null: it must go on as ever. */
export function blindSpan({ kind, from, until }: Disturbance, eye: Eye): Span | null {
  switch (kind) {
    case "kill":
    case "pause":
      return { from, until };
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
  return disturbance.kind === "lock" ? null : blindSpan(disturbance, "hub");
}

export function blindSpans(disturbances: readonly Disturbance[], eye: Eye): Span[] {
  return disturbances.flatMap((each) => blindSpan(each, eye) ?? []);
}

/** The end of the first `need` ms from `from` on in which the hub is not blind. */
export function seenBy(from: number, need: number, blind: readonly Span[]): number {
  let start = from;
  for (const span of blind.toSorted((a, b) => a.from - b.from)) {
    if (span.until > start && span.from < start + need) start = span.until;
  }
  return start + need;
}

/** The longest from the start of an outage to `down`, while the hub is undisturbed. */
export function detectionMs({ eye, interval, timeout, retries, slack }: ChaosService, way: Way): number {
  if (eye === "heartbeat") return BEAT_MS + slack;
  const probe = way === "is silent" ? timeout * 1_000 : 0;
  return interval * 1_000 + (retries + 1) * probe + backoffMs(interval, retries) * (1 + JITTER) + slack;
}

/** The longest from the end of an outage to `up`, while the hub is undisturbed. */
export function recoveryMs({ eye, interval, timeout, slack }: ChaosService): number {
  return eye === "heartbeat" ? BEAT_MS + slack : (interval + timeout) * 1_000 + slack;
}

/** The shortest that a chain of failures takes until `down`. */
function forgivenMs({ interval, retries }: ChaosService): number {
  return backoffMs(interval, retries) * (1 - JITTER);
}

function backoffMs(interval: number, retries: number): number {
  return Array.from({ length: retries }, (_, k) => Math.min(2 ** k, interval) * 1_000).reduce((a, b) => a + b, 0);
}

function minuteAfter(at: number): number {
  return FIRST_MINUTE_MS + Math.ceil((at - FIRST_MINUTE_MS) / MINUTE_MS) * MINUTE_MS;
}

/** The network's trouble is independent of the others, which keep some distance from each other. */
function planDisturbances({ durationMs, disturbances }: ChaosOptions, random: () => number): Disturbance[] {
  const minutesFirst = disturbances.toSorted(
    (a, b) => Number(b.kind.startsWith("tick")) - Number(a.kind.startsWith("tick")),
  );
  const placed: Disturbance[] = [];
  for (const { kind, times, lasts } of minutesFirst) {
    for (let time = 0; time < times; time++) {
      const room = { from: START_MS, until: durationMs - START_MS - recoveryRoom(kind) };
      const rivals = placed.filter(
        (each) => isNetwork(each.kind) === isNetwork(kind) && (!isNetwork(kind) || each.kind === kind),
      );
      placed.push(place(kind, lasts, room, rivals, random));
    }
  }
  return placed.sort((a, b) => a.from - b.from);
}

const isNetwork = (kind: Kind) => kind === "relay" || kind === "link";

/** The relay may be missed for 30 s after it is back, and is better back before the end. */
const recoveryRoom = (kind: Kind) => (isNetwork(kind) ? 10_000 : 3_000);

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
  return { kind, from, until: from + (kind === "kill" ? RESTART_MS : lasts) };
}

function reach(disturbance: Disturbance): Span {
  return { from: disturbance.from, until: Math.max(disturbance.until, blindSpan(disturbance, "hub")?.until ?? 0) };
}

function planService(
  name: string,
  eye: Eye,
  { durationMs, interval, slackMs = QUIET_SLACK_MS }: ChaosOptions,
  blind: readonly Span[],
  random: () => number,
): ChaosService {
  const isBeat = eye === "heartbeat";
  const retries = isBeat ? 0 : pick([1, 1, 2, 3], random);
  const service: ChaosService = {
    ...{ name, eye, retries, timeout: 2, interval: isBeat ? 3_600 : interval, slack: slackMs },
    ...{ outages: [], blips: [] },
  };
  const isOver = (trouble: Trouble) => seenBy(trouble.until, recoveryMs(service), blind);
  for (let at = START_MS + random() * durationMs * 0.3; ; ) {
    const way = pick<Way>(["refuses", "breaks off", "is silent"], random);
    const blip = blipAt(at, way, service, blind, random);
    const outage = outageAt(at, way, service, blind, random);
    const isBlip = !isBeat && random() < 0.5 && isOver(blip) <= durationMs - START_MS;
    const trouble = isBlip ? blip : outage;
    if (isOver(trouble) > durationMs - START_MS) return service;
    (isBlip ? service.blips : service.outages).push(trouble);
    at = isOver(trouble) + slackMs + random() * (durationMs / 4);
  }
}

function outageAt(
  from: number,
  way: Way,
  service: ChaosService,
  blind: readonly Span[],
  random: () => number,
): Trouble {
  const extra = OUTLASTS_MS.least + random() * (OUTLASTS_MS.most - OUTLASTS_MS.least);
  return { from, until: seenBy(from, detectionMs(service, way), blind) + extra, way };
}

/**
 * Away from disturbances: the hub may take a check that a pause interrupted for a failure, which a good check must have
 * forgiven before; and no disturbance may catch the retries after it.
 */
function blipAt(at: number, way: Way, service: ChaosService, blind: readonly Span[], random: () => number): Trouble {
  const longest = forgivenMs(service) * BLIP_PART;
  const before = recoveryMs(service);
  const room = before + longest + detectionMs(service, way) - service.interval * 1_000;
  const from = seenBy(at, room, blind) - room + before;
  return { from, until: from + MIN_BLIP_MS + random() * (longest - MIN_BLIP_MS), way };
}

function pick<T>(from: readonly T[], random: () => number): T {
  const picked = from[Math.floor(random() * from.length)];
  if (picked === undefined) throw new Error("nothing to pick from");
  return picked;
}
