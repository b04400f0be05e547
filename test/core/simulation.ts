/**
 * A month in the life of services, probed by core's own rules on a simulated clock: real outages, short blips, lost
 * probes and vantages in trouble. Says how often a service was called down that was not, and how long an outage took
 * to be seen.
 */

import { lanePhase } from "../../src/core/lane/schedule.ts";
import type { Check } from "../../src/core/service/check.ts";
import type { Observation } from "../../src/core/service/records.ts";
import type { MonitorState } from "../../src/core/status/monitor-state.ts";
import { observe } from "../../src/core/status/state-machine.ts";
import { aCheck } from "./fixtures.ts";
import { mulberry32 } from "./mulberry32.ts";

const DAY_MS = 86_400_000;
const LATENCY_MS = 40;

export interface World {
  services: number;
  days: number;
  vantages: string[];
  /** Vantages whose every call fails. */
  broken?: string[];
  seed: number;
  /** Chance that a single probe is lost although all is well. */
  loss: number;
  /** Part of the outages that answers quickly (a process that is gone refuses); the others take the timeout. */
  quick_failures: number;
  /** Chance that a probe passes during an outage, as that of a service which is started again and again; default 0. */
  struggle?: number;
  /** Passes in a row that end an outage; default 1. */
  recover_after?: number;
}

export interface Verdicts {
  checks: number;
  outages: number;
  false_downs: number;
  /** Per service and day. */
  false_down_rate: number;
  missed: number;
  /** Seconds from the start of an outage to its flip. */
  detection_p50_s: number;
  detection_p95_s: number;
  /** Outages that were called over before they were. */
  false_ups: number;
  /** Seconds from the end of an outage to its flip. */
  recovery_p50_s: number;
}

interface Span {
  from: number;
  to: number;
  /** Milliseconds until a probe knows: a refusal is quick, silence takes the timeout. */
  cost: number;
}

export function simulate(world: World): Verdicts {
  const random = mulberry32(world.seed);
  const troubles = new Map(["home", ...world.vantages].map((vantage) => [vantage, troublesOf(world, random)]));
  const all = Array.from({ length: world.services }, (_, number) => {
    const check = aCheck({ service_id: number + 1, recorded_since: 0, recover_after: world.recover_after ?? 1 });
    return simulateService(check, number, world, troubles, random);
  });
  const detections = all.flatMap((one) => one.detections).sort((a, b) => a - b);
  const recoveries = all.flatMap((one) => one.recoveries).sort((a, b) => a - b);
  const sum = (key: "checks" | "outages" | "false_downs" | "missed" | "false_ups") =>
    all.reduce((total, one) => total + one[key], 0);
  return {
    checks: sum("checks"),
    outages: sum("outages"),
    false_downs: sum("false_downs"),
    false_down_rate: sum("false_downs") / (world.services * world.days),
    missed: sum("missed"),
    detection_p50_s: (detections[Math.floor(detections.length * 0.5)] ?? Number.NaN) / 1_000,
    detection_p95_s: (detections[Math.floor(detections.length * 0.95)] ?? Number.NaN) / 1_000,
    false_ups: sum("false_ups"),
    recovery_p50_s: (recoveries[Math.floor(recoveries.length * 0.5)] ?? Number.NaN) / 1_000,
  };
}

function simulateService(
  check: Check,
  lane: number,
  world: World,
  troubles: Map<string, Span[]>,
  random: () => number,
) {
  const end = world.days * DAY_MS;
  const outages = spans(world, 2 * DAY_MS, () => 60_000 + exponential(240_000, random), random);
  const blips = spans(world, DAY_MS / 3, () => 500 + random() * 5_000, random);
  const seen = makeEye(check, [...outages, ...blips], troubles, world, random);
  const due = {
    interval: check.health_interval * 1_000,
    phase: lanePhase(check.health_interval * 100_000 + lane),
  };
  let state: MonitorState | null = null;
  let checks = 0;
  const downs: number[] = [];
  const ups: number[] = [];
  for (let scheduled = due.phase; scheduled < end; scheduled += due.interval) {
    let at = scheduled;
    let vantage = "home";
    for (let attempt = 0; ; attempt++) {
      checks += 1;
      const observation = seen(at, vantage);
      const step = observe(state, {
        check,
        round: { lane, due_at: scheduled, attempt },
        observation,
        vantages: world.vantages,
        random: random(),
      });
      if (step === null) throw new Error("dropped");
      const before: string = state?.status ?? "unknown";
      state = { ...step.state, flips: [] };
      if (state.status === "down" && before !== "down") downs.push(state.since);
      if (state.status === "up" && before === "down") ups.push(at);
      if (step.retry === null) break;
      at += (observation.latency_ms ?? seen.cost(at)) + step.retry.delay_ms;
      ({ vantage } = step.retry);
    }
  }
  return { checks, ...judge(outages, downs), ...judgeEnds(outages, ups) };
}

function judge(outages: Span[], downs: number[]) {
  const detections: number[] = [];
  for (const outage of outages) {
    const flip = downs.find((at) => at >= outage.from && at <= outage.to + 10_000);
    if (flip !== undefined) detections.push(flip - outage.from);
  }
  const within = (at: number) => outages.some((outage) => at >= outage.from && at <= outage.to + 10_000);
  return {
    outages: outages.length,
    missed: outages.length - detections.length,
    detections,
    false_downs: downs.filter((at) => !within(at)).length,
  };
}

function judgeEnds(outages: Span[], ups: number[]) {
  const early = ups.filter((at) => outages.some(({ from, to }) => at >= from && at < to));
  const recoveries = outages.flatMap(({ to }, index) => {
    const next = outages[index + 1]?.from ?? Number.POSITIVE_INFINITY;
    const up = ups.find((at) => at >= to && at < next);
    return up === undefined ? [] : [up - to];
  });
  return { false_ups: early.length, recoveries };
}

function makeEye(check: Check, bad: Span[], troubles: Map<string, Span[]>, world: World, random: () => number) {
  const timeout = check.health_timeout * 1_000;
  const sorted = bad.toSorted((a, b) => a.from - b.from);
  const at = (spans: Span[], time: number) => spans.find((span) => time >= span.from && time < span.to);
  let first = 0;
  const badAt = (time: number) => {
    while ((sorted[first]?.to ?? Number.POSITIVE_INFINITY) < time - DAY_MS) first += 1;
    for (let index = first; index < sorted.length && (sorted[index]?.from ?? 0) <= time; index++) {
      const span = sorted[index];
      if (span !== undefined && time < span.to) return span;
    }
    return undefined;
  };
  const look = (time: number, vantage: string): Observation => {
    const span = badAt(time) ?? at(troubles.get(vantage) ?? [], time);
    const struggles = span !== undefined && world.struggle !== undefined && random() < world.struggle;
    const failing = (span !== undefined && !struggles) || random() < world.loss;
    if (world.broken?.includes(vantage))
      return { at: time, vantage, verdict: "inconclusive", latency_ms: 1, error: "reset", details: {} };
    return {
      at: time,
      vantage,
      verdict: failing ? "fail" : "ok",
      latency_ms: failing ? null : LATENCY_MS,
      error: failing ? "timeout" : null,
      details: {},
    };
  };
  return Object.assign(look, { cost: (time: number) => badAt(time)?.cost ?? timeout });
}

/** Each vantage can't see anything for some minutes, a few times in a month. */
function troublesOf(world: World, random: () => number): Span[] {
  return spans(world, 5 * DAY_MS, () => 60_000 + exponential(300_000, random), random);
}

function spans({ days, quick_failures }: World, meanGap: number, length: () => number, random: () => number): Span[] {
  const end = days * DAY_MS;
  const all: Span[] = [];
  for (let from = exponential(meanGap, random); from < end; from += exponential(meanGap, random)) {
    all.push({ from, to: from + length(), cost: random() < quick_failures ? 2 : 5_000 });
  }
  return all;
}

function exponential(mean: number, random: () => number): number {
  return -Math.log(1 - random()) * mean;
}
