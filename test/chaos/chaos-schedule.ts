/**
 * What will go wrong in a run of chaos, all of it from one seed: outages and blips of the targets, and what is done to
 * the hub meanwhile. Every outage lasts long enough to be seen in spite of the disturbances, and every blip is short
 * enough to be forgiven. Pure; times in ms from the start of the run.
 */
import { longestGap } from "../../src/core/status/breaker.ts";
import { BREAKER_OPENS_AFTER_MS, PLAN_LEAD_MS, PLAN_LENGTH_MS } from "../../src/core/time/durations.ts";
import { mulberry32 } from "../core/mulberry32.ts";
import {
  blindSpans,
  type Disturbance,
  type Eye,
  planDisturbances,
  type Span,
  START_MS,
  seenBy,
  type Wish,
} from "./chaos-disturbances.ts";

/** Delay of a check on a machine that does nothing else. */
export const QUIET_SLACK_MS = 2_000;
/** Jitter of the hub's retries. */
const JITTER = 0.2;
const BEAT_MS = 1_000;
const BEAT_INTERVAL_S = 3_600;
/** A blip lasts at most this part of what the retries forgive. */
const BLIP_PART = 0.75;
const MIN_BLIP_MS = 200;
/** An outage lasts at least and at most so much longer than the hub needs to see it. */
const OUTLASTS_MS = { least: 1_500, most: 9_000 };
/** A long outage opens the breaker, and goes on for at least and at most so much longer. */
const OPEN_FOR_MS = { least: 60_000, most: 180_000 };
/** So long after a long outage some checks are still planned for an open breaker. */
const PLANNED_MS = PLAN_LEAD_MS + PLAN_LENGTH_MS;
/** Every so many services are watched for slow answers, and none of them is ever slow. */
const QUICK_EVERY = 4;
const SLOW_MS = 1_500;

/** What a target does instead of an answer with 200. */
export type Way = "refuses" | "breaks off" | "is silent";

export interface Trouble extends Span {
  way: Way;
}

export interface ChaosService {
  name: string;
  /** Who looks; a heartbeat calls in itself. */
  eye: Eye;
  /** Slower answers would degrade it, ms; 0: none does. */
  degradedAbove: number;
  /** Whether it is in the lane that has trouble. */
  inLane: boolean;
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

export interface ChaosOptions {
  seed: number;
  durationMs: number;
  /** Numbers of services by who looks. */
  services: Readonly<Record<Eye, number>>;
  /** Seconds. */
  intervals: readonly number[];
  /** Every so many services are in the lane that has trouble; absent: none is. */
  inLaneEvery?: number;
  /** How long a long outage goes on after the breaker has opened; absent: for some minutes. */
  openForMs?: { least: number; most: number };
  /** Every so many services of the hub and of the agent have a long outage; absent: none has. */
  longOutageEvery?: number;
  disturbances: readonly Wish[];
  /** See `ChaosService`; absent: of a machine that does nothing else. */
  slackMs?: number;
}

export interface ChaosPlan {
  seed: number;
  durationMs: number;
  services: ChaosService[];
  /** In the order of their time. */
  disturbances: Disturbance[];
}

export function seedFrom(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : null;
}

export function chaosPlan(options: ChaosOptions): ChaosPlan {
  const random = mulberry32(options.seed);
  const disturbances = planDisturbances(options.disturbances, options.durationMs, random);
  const services = (["hub", "agent", "heartbeat"] as const).flatMap((eye) =>
    Array.from({ length: options.services[eye] }, (_, number) =>
      planService(number, eye, options, disturbances, random),
    ),
  );
  return { seed: options.seed, durationMs: options.durationMs, services, disturbances };
}

/** The longest from the start of an outage to `down`, while the hub is undisturbed. */
export function detectionMs({ eye, interval, timeout, retries, slack }: ChaosService, way: Way): number {
  if (eye === "heartbeat") return BEAT_MS + slack;
  const probe = way === "is silent" ? timeout * 1_000 : 0;
  return interval * 1_000 + (retries + 1) * probe + backoffMs(interval, retries) * (1 + JITTER) + slack;
}

/** The longest from the end of trouble to `up`, while the hub is undisturbed. */
export function recoveryMs({ eye, interval, timeout, slack }: ChaosService, { from, until }: Span): number {
  if (eye === "heartbeat") return BEAT_MS + slack;
  const gap = longestGap({ health_interval: interval, agent: null }, { status: "down", since: from }, until);
  return gap + timeout * 1_000 + slack;
}

/** The shortest that a chain of failures takes until `down`. */
function forgivenMs({ interval, retries }: ChaosService): number {
  return backoffMs(interval, retries) * (1 - JITTER);
}

function backoffMs(interval: number, retries: number): number {
  return Array.from({ length: retries }, (_, k) => Math.min(2 ** k, interval) * 1_000).reduce((a, b) => a + b, 0);
}

function planService(
  number: number,
  eye: Eye,
  options: ChaosOptions,
  disturbances: readonly Disturbance[],
  random: () => number,
): ChaosService {
  const { durationMs, intervals, longOutageEvery, inLaneEvery, slackMs = QUIET_SLACK_MS } = options;
  const isBeat = eye === "heartbeat";
  const interval = isBeat ? BEAT_INTERVAL_S : (intervals[number % intervals.length] ?? BEAT_INTERVAL_S);
  const inLane = inLaneEvery !== undefined && number % inLaneEvery === 0;
  const blind = blindSpans(disturbances, { eye, inLane });
  const retries = isBeat ? 0 : pick([1, 1, 2, 3], random);
  const service: ChaosService = {
    name: `${eye}-${number}`,
    eye,
    retries,
    timeout: 2,
    interval,
    slack: slackMs,
    inLane,
    degradedAbove: number % QUICK_EVERY === 0 ? SLOW_MS : 0,
    outages: [],
    blips: [],
  };
  const isOver = (trouble: Trouble) => seenBy(trouble.until, recoveryMs(service, trouble), blind);
  const isLong = !isBeat && longOutageEvery !== undefined && number % longOutageEvery === 1;
  let at = START_MS + random() * durationMs * (isLong ? 0.1 : 0.3);
  if (isLong) {
    const long = longOutageAt(at, service, blind, { random, openForMs: options.openForMs ?? OPEN_FOR_MS });
    if (isOver(long) > durationMs - START_MS) throw new Error("there is no room for a long outage");
    service.outages.push(long);
    at = isOver(long) + PLANNED_MS;
  }
  for (;;) {
    const way = anyWay(random);
    const blip = blipAt(at, way, service, blind, random);
    const outage = outageAt(at, way, service, blind, random);
    const isBlip = !isBeat && random() < 0.5 && isOver(blip) <= durationMs - START_MS;
    const trouble = isBlip ? blip : outage;
    if (isOver(trouble) > durationMs - START_MS) return service;
    (isBlip ? service.blips : service.outages).push(trouble);
    at = isOver(trouble) + slackMs + random() * (durationMs / 4);
  }
}

function longOutageAt(
  from: number,
  service: ChaosService,
  blind: readonly Span[],
  { random, openForMs }: { random: () => number; openForMs: { least: number; most: number } },
): Trouble {
  const short = outageAt(from, anyWay(random), service, blind, random);
  const open = openForMs.least + random() * (openForMs.most - openForMs.least);
  return { ...short, until: short.until + Math.max(BREAKER_OPENS_AFTER_MS, 10 * service.interval * 1_000) + open };
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
  const before = recoveryMs(service, { from: at, until: at });
  const room = before + longest + detectionMs(service, way) - service.interval * 1_000;
  const from = seenBy(at, room, blind) - room + before;
  return { from, until: from + MIN_BLIP_MS + random() * (longest - MIN_BLIP_MS), way };
}

const anyWay = (random: () => number) => pick<Way>(["refuses", "breaks off", "is silent"], random);

function pick<T>(from: readonly T[], random: () => number): T {
  const picked = from[Math.floor(random() * from.length)];
  if (picked === undefined) throw new Error("nothing to pick from");
  return picked;
}
