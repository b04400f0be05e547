/**
 * A region that drops every packet: how long until all its services are down, and what that does to their neighbours. The
 * rounds, slots, probes and rules are the hub's; time and the platform are simulated, with the platform's limits.
 */

import { LANE_SIZE } from "../../src/core/lane/lanes.ts";
import type { ProbeMessage } from "../../src/core/lane/queue-messages.ts";
import { planRounds } from "../../src/core/lane/schedule.ts";
import { CHECKS_ELSEWHERE, SLOTS_ELSEWHERE, WORKER_SLOTS } from "../../src/core/lane/slots.ts";
import type { Check } from "../../src/core/service/check.ts";
import type { Observation } from "../../src/core/service/records.ts";
import { liveState, type MonitorState } from "../../src/core/status/monitor-state.ts";
import type { Flip } from "../../src/core/status/recorded-flip.ts";
import { observe } from "../../src/core/status/state-machine.ts";
import { type ProbeDeps, runRound } from "../../src/pipeline/probe.ts";
import { Elsewhere } from "../../src/probes/elsewhere.ts";
import { HungHosts } from "../../src/probes/hung-hosts.ts";
import type { ProbeContext } from "../../src/probes/probe.ts";
import { type ProbePlace, probeInSlot } from "../../src/probes/probe-in-slot.ts";
import { Slots } from "../../src/probes/slots.ts";
import { aCheck } from "../core/fixtures.ts";
import { mulberry32 } from "../core/mulberry32.ts";
import { SimulatedTime } from "../core/simulated-time.ts";
import type { Bench } from "./bench.ts";
import { Invocation } from "./edge-platform.ts";
import type { Figure } from "./figure.ts";
import { quantile } from "./quantile.ts";

const T0 = Date.parse("2026-11-05T10:00:00.000Z");
const INTERVAL_S = 30;
const HEALTHY_MS = 90_000;
const LOOKED_AT_MS = 600_000;
const PATIENCE_MS = 600_000;
/** The queue gives what is due at about the same time to one consumer. */
const DELIVERY_MS = 200;

export interface Region {
  dead: number;
  healthy: number;
  /** Rounds of a batch, which share an invocation. */
  batch: number;
  /** Whether checks that others hold up get further invocations. */
  spreads: boolean;
  seed: number;
}

export interface Verdicts {
  /** Seconds from the first check that failed until each was down, in order. */
  downAfterS: number[];
  /** Services that were not down in the end. */
  unseen: number;
  inconclusive: number;
  /** Longest time between two checks of a healthy neighbour, s. */
  longestGapS: number;
  /** Most invocations that one needed, itself included. */
  invocations: number;
  /** Connections that the platform held back in silence. */
  queued: number;
}

const REGION = { dead: 1_000, healthy: 200, seed: 20_261_105 };
/** As it was when every round of a batch waited for the connections of one invocation. */
const CROWDED = { batch: 10, spreads: false };
const SPREAD = { batch: 3, spreads: true };

export const deadRegionBench: Bench = {
  names: ["dead-region"],
  about: `${REGION.dead} TCP services that drop packets at once, with the platform's limits (simulated)`,
  async run({ progress }) {
    progress("one dead service");
    const one = await simulateRegion({ ...REGION, dead: 1, healthy: LANE_SIZE - 1, ...SPREAD });
    progress(`${REGION.dead} dead services, rounds of a batch in one invocation`);
    const before = await simulateRegion({ ...REGION, ...CROWDED });
    progress(`${REGION.dead} dead services, spread over invocations`);
    const after = await simulateRegion({ ...REGION, ...SPREAD });
    const [alone = Number.NaN] = one.downAfterS;
    return [
      figure("one dead service: down after", alone, "s", null),
      ...figuresOf("in one invocation", before, alone, null),
      ...figuresOf("spread", after, alone, 30),
    ];
  },
};

function figuresOf(how: string, verdicts: Verdicts, alone: number, limit: number | null): Figure[] {
  const { downAfterS, unseen, longestGapS, invocations } = verdicts;
  const seen = `p50 ${quantile(downAfterS, 0.5).toFixed(1)} s; ${unseen} not down in ten minutes`;
  const used = invocations === 0 ? "" : `; at most ${invocations} invocations of one`;
  return [
    {
      ...figure(`${REGION.dead} dead, ${how}: the last is down after, more than one alone`, 0, "s", limit),
      value: (downAfterS.at(-1) ?? Number.NaN) - alone,
      note: seen + used,
    },
    figure(
      `${REGION.dead} dead, ${how}: a healthy neighbour goes unchecked`,
      longestGapS,
      "s",
      limit && INTERVAL_S + 2,
    ),
  ];
}

function figure(name: string, value: number, unit: string, limit: number | null): Figure {
  return { name: `dead region: ${name}`, value, unit, limit, better: "lower" };
}

export async function simulateRegion(region: Region): Promise<Verdicts> {
  const time = new SimulatedTime(T0);
  const restore = goBy(time);
  try {
    const run = new Run(region);
    for (let at = T0; at < T0 + HEALTHY_MS + LOOKED_AT_MS; at += DELIVERY_MS) {
      await time.runTo(at);
      run.deliver();
    }
    return run.verdicts();
  } finally {
    restore();
  }
}

/** The slots know no other time than the machine's. Returns what puts that back. */
function goBy(time: SimulatedTime): () => void {
  const { setTimeout, clearTimeout } = globalThis;
  const { now } = Date;
  const cleared = new WeakSet<object>();
  const later = (run: () => void, ms = 0) => {
    const timer = {};
    time.at(time.now + ms, () => cleared.has(timer) || run());
    return timer;
  };
  Object.assign(globalThis, { setTimeout: later, clearTimeout: (timer: object) => void cleared.add(timer) });
  Date.now = () => time.now;
  return () => {
    Object.assign(globalThis, { setTimeout, clearTimeout });
    Date.now = now;
  };
}

class Run {
  readonly #region: Region;
  readonly #random: () => number;
  readonly #hung = new HungHosts();
  readonly #states = new Map<number, MonitorState>();
  readonly #downAt = new Map<number, number>();
  readonly #firstDead = new Map<number, number>();
  readonly #checkedAt = new Map<number, number>();
  readonly #checks: Check[];
  #queue: ProbeMessage[] = [];
  #inconclusive = 0;
  #longestGapMs = 0;
  #invocations = 0;
  readonly #opened: Invocation[] = [];

  constructor(region: Region) {
    this.#region = region;
    this.#random = mulberry32(region.seed);
    const count = region.dead + region.healthy;
    this.#checks = Array.from({ length: count }, (_, service_id) =>
      aCheck({
        service_id,
        health_method: "tcp",
        health_url: `tcp://host${service_id}.example.com:7000`,
        health_timeout: 10,
        health_interval: INTERVAL_S,
        lane: INTERVAL_S * 100_000 + Math.floor(service_id / LANE_SIZE),
        recorded_status: "up" as const,
      }),
    );
    const window = { from: T0, to: T0 + HEALTHY_MS + LOOKED_AT_MS };
    this.#queue = planRounds(this.#checks, window, []).toSorted((a, b) => a.not_before - b.not_before);
  }

  /** What is due goes to consumers. */
  deliver(): void {
    const now = Date.now();
    const due = this.#queue.filter(({ not_before }) => not_before <= now);
    this.#queue = this.#queue.filter(({ not_before }) => not_before > now);
    for (let i = 0; i < due.length; i += this.#region.batch) this.#consume(due.slice(i, i + this.#region.batch));
  }

  #consume(messages: readonly ProbeMessage[]): void {
    const here = this.#invocation();
    let used = 1;
    const further = async (checks: Check[]): Promise<Observation[]> => {
      if (checks.length > CHECKS_ELSEWHERE) throw new Error("too many checks for one invocation");
      used += 1;
      this.#invocations = Math.max(this.#invocations, used);
      const place = { slots: new Slots(SLOTS_ELSEWHERE, this.#hung) };
      const invocation = this.#invocation();
      return await Promise.all(checks.map((check) => this.#probe(check, invocation, place)));
    };
    const place: ProbePlace = {
      slots: new Slots(WORKER_SLOTS, this.#hung),
      ...(this.#region.spreads ? { elsewhere: new Elsewhere(further) } : {}),
    };
    for (const message of messages) void runRound(message, this.#deps(here, place));
  }

  #invocation(): Invocation {
    const invocation = new Invocation((address) => (this.#isDead(address) ? null : 30 + this.#random() * 70));
    this.#opened.push(invocation);
    return invocation;
  }

  #isDead(address: string): boolean {
    return Date.now() >= T0 + HEALTHY_MS && this.#isInRegion(Number(/\d+/.exec(address)?.[0]));
  }

  /** The dead and the healthy share their lanes. */
  #isInRegion(id: number): boolean {
    const { dead, healthy } = this.#region;
    return Math.floor(((id + 1) * dead) / (dead + healthy)) > Math.floor((id * dead) / (dead + healthy));
  }

  async #probe(check: Check, { connect }: Invocation, place: ProbePlace): Promise<Observation> {
    const context: ProbeContext = {
      vantage: "home",
      hubId: "hub",
      allowPrivateTargets: false,
      mayReceive: () => true,
      secret: () => undefined,
      connect,
      fetch: null,
      fetchesAddresses: false,
      canSkipVerification: false,
      md5: async () => new ArrayBuffer(0),
      now: Date.now,
    };
    return await probeInSlot(check, context, place, PATIENCE_MS);
  }

  #deps(invocation: Invocation, place: ProbePlace): ProbeDeps {
    return {
      now: Date.now,
      wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      longestWait: 5_000,
      watched: async (checks) => ({ checks, unsettled: new Set() }),
      probe: async (checks, _vantage, found) => {
        const each = checks.map(async ({ after_ms = 0, ...check }) => {
          if (after_ms > 0) await new Promise((resolve) => setTimeout(resolve, after_ms));
          const observation = await this.#probe(check, invocation, place);
          this.#note(check, observation);
          await found({ check, observation });
        });
        await Promise.all(each);
      },
      observe: async (round, findings) =>
        findings.map(({ check, observation }) => {
          const input = { check, round, observation, vantages: [], random: this.#random() };
          const step = observe(this.#states.get(check.service_id) ?? null, input);
          if (step === null) return null;
          this.#states.set(check.service_id, step.state);
          for (const flip of step.state.flips) this.#flipped(check, flip);
          return { live: liveState(step.state), flips: step.state.flips, retry: step.retry, version: null };
        }),
      canSee: async () => true,
      publish: async () => {},
      record: async () => {},
      writeFlips: async () => {},
      retry: async (messages) => void this.#queue.push(...messages),
      causes: async () => {},
    };
  }

  #note({ service_id }: Check, { verdict, at }: Observation): void {
    if (verdict === "inconclusive") this.#inconclusive += 1;
    const before = this.#checkedAt.get(service_id);
    this.#checkedAt.set(service_id, at);
    if (this.#isInRegion(service_id)) {
      if (verdict !== "ok" && !this.#firstDead.has(service_id)) this.#firstDead.set(service_id, at);
    } else if (before !== undefined) this.#longestGapMs = Math.max(this.#longestGapMs, at - before);
  }

  #flipped({ service_id }: Check, { to, at }: Flip): void {
    if (to === "down" && !this.#downAt.has(service_id)) this.#downAt.set(service_id, Date.parse(at));
  }

  verdicts(): Verdicts {
    const dead = this.#checks.filter(({ service_id }) => this.#isInRegion(service_id));
    const due = ({ lane }: Check) =>
      planRounds(
        this.#checks.filter((check) => check.lane === lane),
        { from: T0 + HEALTHY_MS, to: T0 + HEALTHY_MS + INTERVAL_S * 1_000 },
        [],
      )[0]?.not_before ?? Number.NaN;
    const dueOf = new Map(dead.map((check) => [check.lane, due(check)]));
    const downAfterS = dead.flatMap(({ service_id, lane }) => {
      const at = this.#downAt.get(service_id);
      return at === undefined ? [] : [(at - (dueOf.get(lane) ?? at)) / 1_000];
    });
    return {
      downAfterS: downAfterS.toSorted((a, b) => a - b),
      unseen: dead.length - downAfterS.length,
      inconclusive: this.#inconclusive,
      longestGapS: this.#longestGapMs / 1_000,
      invocations: this.#invocations,
      queued: this.#opened.reduce((sum, { queued }) => sum + queued, 0),
    };
  }
}
