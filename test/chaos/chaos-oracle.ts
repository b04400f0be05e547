/**
 * Compares what a hub says of its services with what they did. Pure; times in ms from the start of the run, as in the
 * schedule.
 */
import { awaySpan, blindSpans, type Disturbance, type Span, seenBy, silentSpans } from "./chaos-disturbances.ts";
import { type ChaosService, detectionMs, QUIET_SLACK_MS, recoveryMs, type Trouble } from "./chaos-schedule.ts";

/** Clocks of one machine, and rounding. */
const EARLY_MS = 100;
/** A check may begin so long before the answer that it gets. */
const ANSWER_MS = 1_000;
/** Flips so long after what was missed are told. */
const NEAR_MS = 10_000;
/** So long after a second tick its rounds are asked. */
const ECHO_MS = 500;
const UPTIME_TOLERANCE = 0.01;
/** The part of a busy machine's slack that may pass between the time that the hub notes for a check and the answer. */
const BUSY_PART = 0.5;
/** Silence makes a service unknown after three intervals and so much. */
const SILENCE_GRACE_MS = { hub: 75_000, agent: 5_000 };

export interface SeenFlip {
  seq: number;
  from: string;
  to: string;
  at: number;
  /** When the first check of what led to it began. */
  began_at: number;
}

/** What a target answered, or a heartbeat said. */
export interface Answer {
  at: number;
  ok: boolean;
}

export interface Watched {
  service: ChaosService;
  id: number;
  /** All of the hub's history of the service, oldest first. */
  flips: readonly SeenFlip[];
  /** In order of time. */
  answers: readonly Answer[];
  /** As the hub says, and when it said it; null: it knows none; absent: it was not asked. */
  uptime?: { part: number | null; at: number };
}

export interface Evidence {
  hub_id: string;
  watched: readonly Watched[];
  /** What really was done to the hub. */
  disturbances: readonly Disturbance[];
  /** Ids of the events that NATS kept, in their order; absent: there is no NATS. */
  kept?: readonly string[];
}

export interface Deviation {
  service: string;
  expected: string;
  seen: string;
}

export interface Judgement {
  deviations: Deviation[];
  /** Outages that had to be seen. */
  outages: number;
  blips: number;
  /** Outages that a disturbance left no time to see. */
  undecided: number;
  /** Flips to `unknown` that a long absence of whoever looks explains. */
  unknowns: number;
  /** The longest from an outage's start to `down`, and from its end to `up`. */
  slowest: { down: number; up: number };
}

export function judge({ hub_id, watched, disturbances, kept }: Evidence): Judgement {
  const verdicts = watched.map((each) => judgeService(each, disturbances));
  const sum = (key: "undecided" | "unknowns") => verdicts.reduce((total, verdict) => total + verdict[key], 0);
  const slowest = (key: "down" | "up") =>
    Math.max(0, ...verdicts.flatMap(({ pairs }) => pairs.map((pair) => pair[key])));
  return {
    deviations: [
      ...verdicts.flatMap(({ deviations }) => deviations),
      ...watched.flatMap(wrongHistory),
      ...(kept === undefined ? [] : wrongEvents(hub_id, watched, kept)),
    ],
    outages: watched.reduce((total, { service }) => total + service.outages.length, 0) - sum("undecided"),
    blips: watched.reduce((total, { service }) => total + service.blips.length, 0),
    undecided: sum("undecided"),
    unknowns: sum("unknowns"),
    slowest: { down: slowest("down"), up: slowest("up") },
  };
}

export function readable(deviations: readonly Deviation[]): string[] {
  return deviations.map(({ service, expected, seen }) => `${service}: expected ${expected}; seen: ${seen}`);
}

/** An outage and when the hub must have said so. */
interface Expected extends Trouble {
  downBy: number;
  upBy: number;
  /** False: a disturbance left the hub no time to see it. */
  isDue: boolean;
}

/** How long after the start of the outage `down` was, and `up` after its end. */
interface Pair {
  outage: Expected;
  down: number;
  up: number;
}

interface Verdict {
  deviations: Deviation[];
  pairs: Pair[];
  undecided: number;
  unknowns: number;
}

function judgeService(watched: Watched, disturbances: readonly Disturbance[]): Verdict {
  const { service } = watched;
  const blind = blindSpans(disturbances, service);
  const steps = disturbances.filter(({ kind }) => kind === "hub clock");
  const silent = silentSpans(disturbances, service);
  const echoes = disturbances.filter(({ kind }) => kind === "tick twice");
  const away = disturbances.flatMap((each) => awaySpan(each) ?? []);
  const expected = service.outages.map((outage) => expect(service, outage, blind, steps));
  const [begin, ...later] = watched.flips;
  const deviate = (what: string, seen: string): Deviation => ({ service: service.name, expected: what, seen });
  const deviations: Deviation[] = [];
  if (begin?.to !== "up" || begin.at > 0)
    deviations.push(deviate("up before the start", begin ? told(begin) : "no flip"));
  const unknowns = later.filter(({ to, at }) => to === "unknown" && isSilenced(service, at, silent));
  const left = withoutUnknown(later, unknowns);
  const pairs: Pair[] = [];
  for (const outage of expected) {
    while (left[0] && left[0].at < outage.from - EARLY_MS) deviations.push(tooMuch(service, left.shift()));
    const down = left[0]?.to === "down" && left[0].at <= outage.upBy ? left.shift() : undefined;
    if (down === undefined) {
      if (outage.isDue) deviations.push(deviate(`down ${spanOf(outage, outage.downBy)}`, missed(watched, outage)));
      continue;
    }
    if (outage.isDue && down.at > outage.downBy)
      deviations.push(deviate(`down ${spanOf(outage, outage.downBy)}`, `${told(down)}${asked(watched, outage)}`));
    if (!isBegun(down, outage, watched, blind))
      deviations.push(
        deviate(`an outage from ${seconds(outage.from)} on`, `${told(down)}, since ${seconds(down.began_at)}`),
      );
    const up = left[0]?.to === "up" ? left.shift() : undefined;
    const isRight = up !== undefined && up.at >= outage.until - EARLY_MS && up.at <= outage.upBy;
    if (!isRight) deviations.push(deviate(`up ${spanOf(outage, outage.upBy)}`, up ? told(up) : "no such flip"));
    if (up) pairs.push({ outage, down: down.at - outage.from, up: up.at - outage.until });
  }
  deviations.push(...left.map((flip) => tooMuch(service, flip)));
  if (deviations.length === 0 && unknowns.length === 0)
    deviations.push(...wrongUptime(watched, pairs, { blind, echoes, away }));
  const undecided = expected.filter(({ isDue }) => !isDue).length;
  return { deviations, pairs, undecided, unknowns: unknowns.length };
}

/** `steps`: of the hub's clock, by which an outage may seem long enough for the breaker, until its end is seen. */
function expect(service: ChaosService, outage: Trouble, blind: readonly Span[], steps: readonly Span[]): Expected {
  const downBy = seenBy(outage.from, detectionMs(service, outage.way), blind);
  const evenly = seenBy(outage.until, recoveryMs(service, outage), blind);
  const isStepped = overlapMs(steps, { from: outage.from, until: evenly }) > 0;
  const upBy = isStepped
    ? seenBy(outage.until, recoveryMs(service, { ...outage, from: Number.NEGATIVE_INFINITY }), blind)
    : evenly;
  return { ...outage, downBy, upBy, isDue: downBy <= outage.until };
}

/** Whether the hub says that the outage began with the first check in it, which may have begun before. */
function isBegun(
  { began_at, at }: SeenFlip,
  { from }: Trouble,
  { service, answers }: Watched,
  blind: readonly Span[],
): boolean {
  if (overlapMs(blind, { from: from - service.interval * 1_000, until: at }) > 0) return true; // an earlier check may count
  const wasAnswered = answers.some((answer) => answer.ok && answer.at >= began_at && answer.at < from);
  const earliest = from - (wasAnswered ? EARLY_MS : ANSWER_MS);
  return began_at >= earliest && began_at <= from + service.interval * 1_000 + service.slack;
}

/** Whether the service was silent for so long that the hub had to say that it knows nothing of it. */
function isSilenced({ eye, interval, timeout, slack }: ChaosService, at: number, silent: readonly Span[]): boolean {
  if (eye === "heartbeat") return false;
  // The last check that was told may have been an interval before, and the next one was under way.
  const silence = 2 * interval * 1_000 + SILENCE_GRACE_MS[eye] - timeout * 1_000 - slack;
  return silent.some(({ from, until }) => at >= from + silence && at <= until + interval * 1_000);
}

/** What is left without the flips to `unknown` that are allowed, and those that lead back to what was before. */
function withoutUnknown(flips: readonly SeenFlip[], unknowns: readonly SeenFlip[]): SeenFlip[] {
  const left: SeenFlip[] = [];
  for (const flip of flips) {
    if (unknowns.includes(flip)) continue;
    const before = left.at(-1)?.to ?? "up";
    if (flip.from !== "unknown" || flip.to !== before) left.push(flip);
  }
  return left;
}

/**
 * Only of a service whose flips are right: the first bad answer of an outage and the first good one after it count. Of
 * a time in which it was away, the hub may leave out any part.
 */
function wrongUptime(
  watched: Watched,
  pairs: readonly Pair[],
  { blind, echoes, away }: Record<"blind" | "echoes" | "away", readonly Span[]>,
): Deviation[] {
  const { service, answers, flips, uptime } = watched;
  if (uptime === undefined) return [];
  const whole = uptime.at - (flips[0]?.at ?? 0);
  const outages = pairs.map(({ outage }) => {
    const bad = answers.find(({ at, ok }) => !ok && at >= outage.from - EARLY_MS)?.at ?? outage.from;
    const good = answers.find(({ at, ok }) => ok && at >= outage.until - EARLY_MS)?.at ?? outage.until;
    const need = recoveryMs(service, outage);
    const delays = delay(need, outage.from, blind) + delay(need, outage.until, blind);
    const echoed = repeated(answers, bad, echoes) + repeated(answers, good, echoes);
    const leftOut = overlapMs(away, { from: bad, until: good });
    return { ms: good - bad, leftOut, unsure: delays + echoed + busyMs(service) };
  });
  const sum = (key: "ms" | "leftOut" | "unsure") => outages.reduce((total, each) => total + each[key], 0);
  const down = sum("ms");
  const leftOut = sum("leftOut");
  const truth = 1 - down / whole;
  const lowest = 1 - down / (whole - (overlapMs(away, { from: 0, until: uptime.at }) - leftOut));
  const highest = 1 - (down - leftOut) / (whole - leftOut);
  const tolerance = UPTIME_TOLERANCE + sum("unsure") / whole;
  const { part } = uptime;
  if (part !== null && part >= lowest - tolerance && part <= highest + tolerance) return [];
  return [
    { service: service.name, expected: `uptime ${percent(truth)}`, seen: part === null ? "none" : percent(part) },
  ];
}

function overlapMs(spans: readonly Span[], { from, until }: Span): number {
  return spans.reduce((sum, span) => sum + Math.max(0, Math.min(until, span.until) - Math.max(from, span.from)), 0);
}

function busyMs({ slack }: ChaosService): number {
  return Math.max(0, slack - QUIET_SLACK_MS) * BUSY_PART;
}

/** A second tick asks again for rounds that the hub has; it leaves those answers out, and the next one counts. */
function repeated(answers: readonly Answer[], at: number, echoes: readonly Span[]): number {
  if (!echoes.some(({ from, until }) => at >= from && at <= until + ECHO_MS)) return 0;
  return (answers.find((answer) => answer.at > at + ECHO_MS)?.at ?? at) - at;
}

/** How much later the hub may see what happened at that time, because of a disturbance. */
function delay(need: number, at: number, blind: readonly Span[]): number {
  return seenBy(at, need, blind) - at - need;
}

/** Every flip has the next number and begins where the one before ended. */
function wrongHistory({ service, flips }: Watched): Deviation[] {
  return flips.flatMap((flip, index) => {
    const before = flips[index - 1]?.to ?? "unknown";
    if (flip.seq === index + 1 && flip.from === before && flip.to !== before) return [];
    return [{ service: service.name, expected: `flip ${index + 1} from ${before}`, seen: told(flip) }];
  });
}

/** NATS holds each flip of the history once, in order, and no other. */
function wrongEvents(hubId: string, watched: readonly Watched[], kept: readonly string[]): Deviation[] {
  const flipId = /^(.+):(\d+):(\d+)$/;
  const byService = Map.groupBy(kept, (id) => {
    const [, hub, service] = flipId.exec(id) ?? [];
    return hub === hubId ? Number(service) : null;
  });
  return watched.flatMap(({ service, id, flips }) => {
    const wanted = flips.map(({ seq }) => seq).join(" ");
    const found = (byService.get(id) ?? []).map((one) => flipId.exec(one)?.[3]).join(" ");
    return found === wanted
      ? []
      : [{ service: service.name, expected: `NATS: flips ${wanted}`, seen: found || "none" }];
  });
}

function tooMuch({ name }: ChaosService, flip: SeenFlip | undefined): Deviation {
  return { service: name, expected: "no flip", seen: flip ? told(flip) : "" };
}

function missed(watched: Watched, outage: Expected): string {
  const near = watched.flips.filter(({ at }) => at >= outage.from && at <= outage.upBy + NEAR_MS).map(told);
  return `${near.join(", ") || "no flip"}${asked(watched, outage)}`;
}

/** When the service was asked during the outage. */
function asked({ service, answers }: Watched, { from, until }: Span): string {
  const within = answers.filter(({ at }) => at >= from && at <= until).map(({ at }) => seconds(at));
  return `; ${service.retries} retries, asked at ${within.join(", ") || "no time"}`;
}

const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
const percent = (part: number) => `${(part * 100).toFixed(2)} %`;
const told = ({ seq, from, to, at }: SeenFlip) => `flip ${seq} ${from} → ${to} at ${seconds(at)}`;
const spanOf = ({ from, until, way }: Trouble, by: number) =>
  `by ${seconds(by)} (${way} from ${seconds(from)} to ${seconds(until)})`;
