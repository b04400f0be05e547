/**
 * Hours of a hub and an agent in trouble, by their real parts on a simulated clock: long outages, programs that stand
 * still or end, clocks that step, an object that throws or hangs, a check that can't be read. The schedule and the oracle
 * are those of the chaos that is made with real processes.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HubRefused } from "../../src/agent/hub-api.ts";
import { firstLane } from "../../src/core/lane/lanes.ts";
import type { Check } from "../../src/core/service/check.ts";
import type { RecordedFlip } from "../../src/core/status/recorded-flip.ts";
import { type Disturbance, FIRST_MINUTE_MS, type Kind } from "../chaos/chaos-disturbances.ts";
import { type Judgement, judge, type SeenFlip } from "../chaos/chaos-oracle.ts";
import { type ChaosOptions, type ChaosPlan, type ChaosService, chaosPlan } from "../chaos/chaos-schedule.ts";
import { wayAt } from "../chaos/chaos-target.ts";
import { aCheck } from "./fixtures.ts";
import { mulberry32 } from "./mulberry32.ts";
import { runSimulatedAgent } from "./simulated-agent.ts";
import { SimulatedHub } from "./simulated-hub.ts";
import { Eye } from "./simulated-look.ts";
import { Program, SimulatedTime, type Stop } from "./simulated-time.ts";

const AGENT = "dc-1";
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** By then all services are up. */
const WARM_UP_MS = 5 * MINUTE_MS;
/** A full minute, FIRST_MINUTE_MS after the start of the run. */
const EPOCH_MS = Date.parse("2026-11-05T10:00:00.000Z");
/** Services of the lane that has trouble, and of each other one. */
const TROUBLED_LANE = 0;
const OTHER_LANES = 3;
const FIRST_REPORTED = 50_000;
/** A stall is made of stops: the hub runs between them. */
const STALL_MS = { still: 2_500, runs: 400 };
/** From the agent to the hub, or back. */
const WAY_MS = 10;
const CLOCK_STEPS_MS = [HOUR_MS, -HOUR_MS, -2 * HOUR_MS, 2 * HOUR_MS];

export type Upset = Judgement & { checks: number };

/** What the platform does all the time. */
export interface Platform {
  /** What a call of an object takes, ms: 250 when it landed on another continent. */
  hopMs: number;
  /** The part of the rounds that is delivered again after it was done. */
  repeated: number;
}

const NEAR: Platform = { hopMs: 0, repeated: 0 };

export async function simulateTrouble(options: ChaosOptions, platform = NEAR): Promise<Upset> {
  const plan = chaosPlan(options);
  const folder = mkdtempSync(join(tmpdir(), "simulated-agent-"));
  try {
    return await run(plan, folder, platform);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function run(plan: ChaosPlan, folder: string, { hopMs, repeated }: Platform): Promise<Upset> {
  const random = mulberry32(plan.seed);
  const time = new SimulatedTime(-WARM_UP_MS);
  const byName = new Map(plan.services.map((service) => [service.name, service]));
  let checks = 0;
  const answers = (name: string) => {
    checks += 1;
    const service = byName.get(name);
    const way = service === undefined ? null : wayAt(service, time.now);
    return way === null ? "ok" : way === "is silent" ? way : "refuses";
  };
  const during = (kind: Kind) => plan.disturbances.find((each) => each.kind === kind && isDuring(each, time.now));
  const program = new Program(time, stopsOf(plan.disturbances), EPOCH_MS - FIRST_MINUTE_MS);
  const flips = new Map<number, SeenFlip[]>();
  const hub = new SimulatedHub({
    program,
    random,
    checks: [...plan.services.map(checkOf), unreadable()],
    eye: () => new Eye(program.clock, answers, random),
    laneTrouble(lane) {
      const trouble = lane % FIRST_REPORTED === TROUBLED_LANE ? during("lane") : undefined;
      return trouble === undefined ? null : Math.round(trouble.from) % 2 === 0 ? "throws" : "hangs";
    },
    isTickLost: () => during("tick lost") !== undefined || during("tick late") !== undefined,
    hopMs,
    isRepeated: () => repeated > 0 && random() < repeated,
    told: (flip) => flips.set(flip.service_id, [...(flips.get(flip.service_id) ?? []), seen(flip, program.ahead)]),
  });
  hub.start();
  for (const { kind, from, until } of plan.disturbances) {
    if (kind === "tick late") time.at(until, () => hub.tick());
    if (kind === "tick twice") time.at(from, () => hub.tick());
  }
  stepClocks(program, time, plan.disturbances);
  runAgents(plan, time, { hub, hubProgram: program, folder, answers, random });
  await time.runTo(plan.durationMs);
  const watched = plan.services.map((service, index) => {
    const own = (flips.get(index + 1) ?? []).toSorted((a, b) => a.seq - b.seq);
    return { service, id: index + 1, flips: own, answers: [] };
  });
  return { ...judge({ hub_id: "simulated", watched, disturbances: plan.disturbances }), checks };
}

const isDuring = ({ from, until }: Stop, at: number) => from <= at && at < until;

function seen({ seq, from, to, at, began_at }: RecordedFlip, ahead: number): SeenFlip {
  return { seq, from, to, at: Date.parse(at) - ahead, began_at: Date.parse(began_at) - ahead };
}

function checkOf({ eye, inLane, interval, timeout, retries, degradedAbove, name }: ChaosService, index: number): Check {
  const number = (eye === "agent" ? FIRST_REPORTED : 0) + (inLane ? TROUBLED_LANE : 1 + (index % OTHER_LANES));
  return aCheck({
    service_id: index + 1,
    name,
    lane: firstLane(interval) + number,
    agent: eye === "agent" ? AGENT : null,
    health_interval: interval,
    health_timeout: timeout,
    health_retries: retries,
    health_options: { degraded_above_ms: degradedAbove },
    recorded_since: 0,
  });
}

/** It is in the lane of others. */
function unreadable(): Check {
  const check = aCheck({ service_id: 1_000_000, name: "unreadable", health_interval: 5, lane: firstLane(5) + 1 });
  return { ...check, ...JSON.parse('{"service_type":"none of these"}') };
}

/** When nothing of the hub runs. */
function stopsOf(disturbances: readonly Disturbance[]): Stop[] {
  return disturbances.flatMap(({ kind, from, until }) => {
    if (kind === "pause") return [{ from, until }];
    if (kind !== "stall") return [];
    const stops: Stop[] = [];
    for (let at = from; at < until; at += STALL_MS.still + STALL_MS.runs) {
      stops.push({ from: at, until: Math.min(until, at + STALL_MS.still) });
    }
    return stops;
  });
}

function stepClocks(hub: Program, time: SimulatedTime, disturbances: readonly Disturbance[]): void {
  const steps = disturbances.filter(({ kind }) => kind === "hub clock");
  for (const [index, { from }] of steps.entries()) {
    time.at(from, () => hub.stepClock(CLOCK_STEPS_MS[index % CLOCK_STEPS_MS.length] ?? 0));
  }
}

interface Around {
  hub: SimulatedHub;
  hubProgram: Program;
  folder: string;
  answers: (name: string) => "ok" | "refuses" | "is silent";
  random(): number;
}

/** One after the other: each is killed, and the next begins on the same folder with another idea of the time. */
function runAgents({ disturbances }: ChaosPlan, time: SimulatedTime, around: Around): void {
  const pauses = disturbances.filter(({ kind }) => kind === "agent pause");
  const kills = disturbances.filter(({ kind }) => kind === "agent kill");
  const begins = [time.now, ...kills.map(({ until }) => until)];
  for (const [index, begin] of begins.entries()) {
    const wrong = CLOCK_STEPS_MS[index % CLOCK_STEPS_MS.length] ?? 0;
    const program = new Program(time, pauses, EPOCH_MS + wrong);
    time.at(begin, () => void startAgent(program, around));
    const kill = kills[index];
    if (kill !== undefined) time.at(kill.from, () => program.end());
  }
}

async function startAgent(program: Program, { hub, hubProgram, folder, answers, random }: Around): Promise<void> {
  /** There and back; the hub or the agent may stand still meanwhile. */
  const asked = async <T>(answer: () => T | Promise<T>): Promise<T> => {
    await hubProgram.clock.wait(WAY_MS);
    try {
      return await answer();
    } catch {
      throw new HubRefused(503, "a part of the hub failed", null);
    } finally {
      await program.clock.wait(WAY_MS);
    }
  };
  await runSimulatedAgent({
    name: AGENT,
    program,
    folder,
    random,
    eyeOf: (clock, lateness) => new Eye(clock, answers, random, lateness),
    checks: () => asked(() => ({ now: hub.now(), checks: hub.checksOf(AGENT) })),
    report: (report) => asked(() => hub.report(report, AGENT)),
  });
}
