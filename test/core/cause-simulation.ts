/**
 * Outages of a shop's roots, with all that depends on them, on a simulated clock: whether the first word about an outage
 * names the root cause, when services are checked by their schedule only, and when causes are checked at once.
 */

import { dependencyGraph, type GraphService } from "../../src/core/board/dependencies.ts";
import type { Check } from "../../src/core/service/check.ts";
import type { Status } from "../../src/core/service/records.ts";
import type { MonitorState } from "../../src/core/status/monitor-state.ts";
import { observe } from "../../src/core/status/state-machine.ts";
import { CAUSE_AGAIN_MS } from "../../src/core/time/durations.ts";
import { Recently } from "../../src/core/time/recently.ts";
import { aCheck } from "./fixtures.ts";
import { mulberry32 } from "./mulberry32.ts";

const INTERVAL_S = 30;
const LATENCY_MS = 40;
/** Through the queue to the next check. */
const QUEUE_MS = 60;
const MIDDLES = 6;
const LEAVES_EACH = 4;

export interface CauseVerdicts {
  outages: number;
  /** Part of the outages whose cause was known with the first flip, and three and ten seconds after it. */
  at_once: number;
  after_3_s: number;
  after_10_s: number;
  /** Seconds from the start of the outage to the first flip, median. */
  first_word_p50_s: number;
}

interface Node {
  check: Check;
  needs: number[];
  state: MonitorState | null;
}

interface Event {
  at: number;
  id: number;
  attempt: number;
  due_at: number;
}

export function simulateCauses(options: { outages: number; seed: number; causesAtOnce: boolean }): CauseVerdicts {
  const random = mulberry32(options.seed);
  const all = Array.from({ length: options.outages }, () => outage(options.causesAtOnce, random));
  const part = (ms: number) => all.filter(({ rootAt, firstAt }) => rootAt <= firstAt + ms).length / all.length;
  const firsts = all.map(({ firstAt }) => firstAt).toSorted((a, b) => a - b);
  return {
    outages: all.length,
    at_once: part(0),
    after_3_s: part(3_000),
    after_10_s: part(10_000),
    first_word_p50_s: (firsts[Math.floor(firsts.length / 2)] ?? Number.NaN) / 1_000,
  };
}

/** A root, services that need it, and services that need those; all of them fail from the time 0. */
function shop(): Map<number, Node> {
  const node = (id: number, needs: number[]): [number, Node] => {
    const check = aCheck({ service_id: id, health_interval: INTERVAL_S, recorded_status: "up", recorded_since: -1e9 });
    return [id, { check, needs, state: null }];
  };
  const middles = Array.from({ length: MIDDLES }, (_none, index) => 2 + index);
  const leaves = middles.flatMap((middle, index) =>
    Array.from({ length: LEAVES_EACH }, (_none, leaf) => [100 + index * LEAVES_EACH + leaf, middle] as const),
  );
  return new Map([
    node(1, []),
    ...middles.map((id) => node(id, [1])),
    ...leaves.map(([id, middle]) => node(id, [middle])),
  ]);
}

/** Returns when the first flip was made, and when the root was known as its cause; ms after the outage began. */
function outage(causesAtOnce: boolean, random: () => number): { firstAt: number; rootAt: number } {
  const nodes = shop();
  const recently = new Recently(CAUSE_AGAIN_MS);
  const events: Event[] = [...nodes.keys()].map((id) => {
    const at = random() * INTERVAL_S * 1_000;
    return { at, id, attempt: 0, due_at: at };
  });
  let firstAt = Number.POSITIVE_INFINITY;
  for (;;) {
    events.sort((a, b) => a.at - b.at);
    const event = events.shift();
    const node = nodes.get(event?.id ?? 0);
    if (event === undefined || node === undefined) throw new Error("the outage was not seen");
    const { at, id, attempt, due_at } = event;
    if (attempt === 0 && due_at === at)
      events.push({ at: at + INTERVAL_S * 1_000, id, attempt, due_at: at + INTERVAL_S * 1_000 });
    const step = observe(node.state, {
      check: node.check,
      round: { lane: id, due_at, attempt },
      vantages: [],
      random: random(),
      observation: { at, vantage: "home", verdict: "fail", latency_ms: LATENCY_MS, error: "refused", details: {} },
    });
    if (step === null) throw new Error("dropped");
    node.state = step.state;
    if (step.retry !== null) {
      events.push({ at: at + LATENCY_MS + step.retry.delay_ms, id, attempt: step.retry.attempt, due_at });
    }
    if (causesAtOnce) {
      for (const cause of neededBy(id, nodes)) {
        const state = nodes.get(cause)?.state ?? null;
        if (state?.status === "down" || !recently.claim(cause, state?.last_at ?? null, at)) continue;
        const soon = at + LATENCY_MS + QUEUE_MS;
        events.push({ at: soon, id: cause, attempt: 0, due_at: soon - 1 });
      }
    }
    if (node.state.status === "down") firstAt = Math.min(firstAt, at + LATENCY_MS);
    if (isKnown(nodes)) return { firstAt, rootAt: at + LATENCY_MS };
  }
}

function neededBy(id: number, nodes: Map<number, Node>): number[] {
  const direct = nodes.get(id)?.needs ?? [];
  return [...direct, ...direct.flatMap((each) => neededBy(each, nodes))];
}

/** Whether whoever is down now is said to be so because of the root. */
function isKnown(nodes: Map<number, Node>): boolean {
  const services = [...nodes].map(([id, { needs, state }]): GraphService => {
    const status: Status = state?.status ?? "up";
    const names = needs.map((need) => `s${need}`);
    return { id, hub_id: "h", project: "p", name: `s${id}`, type: "api", status, depends_on: names };
  });
  const down = dependencyGraph(services, "h").nodes.filter(({ status }) => status === "down");
  return down.length > 0 && down.every(({ root_cause = [] }) => root_cause.includes(1));
}
