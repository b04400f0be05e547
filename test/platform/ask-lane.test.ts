import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answerAll, type LaneAnswer } from "../../src/core/lane/lane-answer.ts";
import {
  adopt,
  forget,
  type LaneRecord,
  recordInLane,
  release,
  releasedFrom,
  tombstone,
} from "../../src/core/lane/lane-record.ts";
import type { Check } from "../../src/core/service/check.ts";
import { observe } from "../../src/core/status/state-machine.ts";
import { askLane, type MoveDeps } from "../../src/platform/ask-lane.ts";
import { aCheck, aFailure, anObservation, T0 } from "../core/fixtures.ts";

/** The lanes' records in memory, with the rules of core; a call dies before or after its work when `crash` says so. */
class Lanes {
  readonly records = new Map<string, LaneRecord>();
  readonly calls: string[] = [];
  readonly flips: { seq: number; to: string }[] = [];
  crash: () => "before" | "after" | null = () => null;

  readonly moves: MoveDeps = {
    release: (lane, leavers) =>
      this.#call(`release ${lane}`, () =>
        leavers.map(({ service_id, rev }) => {
          const record = release(this.get(lane, service_id), rev, T0);
          this.set(lane, service_id, record);
          return releasedFrom(record, rev);
        }),
      ),
    adopt: (lane, newcomers) =>
      this.#call(`adopt ${lane}`, () => {
        for (const { check, state } of newcomers) {
          this.set(lane, check.service_id, adopt(this.get(lane, check.service_id), check, state));
        }
      }),
    forget: (lane, leavers) =>
      this.#call(`forget ${lane}`, () => {
        for (const { service_id, rev } of leavers) {
          const record = this.get(lane, service_id);
          if (record !== undefined) this.set(lane, service_id, forget(record, rev));
        }
      }),
    settle: (lane, ids) =>
      this.#call(`settle ${lane}`, () => {
        for (const id of ids) {
          const record = this.get(lane, id);
          if (record !== undefined) this.set(lane, id, { ...record, unsettled: [] });
        }
      }),
  };

  get(lane: number, id: number): LaneRecord | undefined {
    return this.records.get(`${lane} ${id}`);
  }

  set(lane: number, id: number, record: LaneRecord): void {
    this.records.set(`${lane} ${id}`, record);
  }

  /** A round of these checks; `ok`: what the probes find. Results are the statuses after it. */
  async round(checks: Check[], ok: boolean, at: number): Promise<(string | null)[]> {
    const lane = checks[0]?.lane ?? 0;
    const items = checks.map((check) => ({ check }));
    return await askLane(
      lane,
      items,
      (asked) => this.#call(`observe ${lane}`, () => this.#observe(asked, ok, at)),
      this.moves,
    );
  }

  #observe(items: { check: Check }[], ok: boolean, at: number): LaneAnswer<string> {
    const lane = items[0]?.check.lane ?? 0;
    const recordOf = (id: number) => this.get(lane, id);
    return answerAll(items, recordOf, ({ check }) => this.#step(check, recordOf(check.service_id), ok, at));
  }

  #step(check: Check, record: LaneRecord | undefined, ok: boolean, at: number): string | null {
    const round = { lane: check.lane, due_at: at, attempt: 0 };
    const observation = ok ? anObservation({ at }) : aFailure({ at });
    const step = observe(record?.state ?? null, { check, round, observation, vantages: [], random: 0 });
    if (step === null) return null;
    for (const { seq, to } of step.state.flips) {
      if (!this.flips.some((flip) => flip.seq === seq)) this.flips.push({ seq, to });
    }
    this.set(check.lane, check.service_id, recordInLane(step.state, record));
    return step.state.status;
  }

  async #call<T>(name: string, work: () => T): Promise<T> {
    const crash = this.crash();
    if (crash === "before") throw new Error("crashed");
    this.calls.push(name);
    const result = work();
    if (crash === "after") throw new Error("crashed");
    return result;
  }
}

const OLD = 3_000_000;
const NEW = 6_000_000;
const before = aCheck({ health_retries: 0, lane: OLD });
const after = { ...before, rev: 2, lane: NEW, former_lanes: [OLD] };

describe("a service that moved to another lane", () => {
  it("keeps its status, its flips and its place in their order", async () => {
    const lanes = new Lanes();
    expect(await lanes.round([before], true, T0)).toEqual(["up"]);
    expect(await lanes.round([before], false, T0 + 1_000)).toEqual(["down"]);
    expect(await lanes.round([after], false, T0 + 2_000)).toEqual(["down"]);
    expect(await lanes.round([after], true, T0 + 3_000)).toEqual(["up"]);
    expect(lanes.flips).toEqual([
      { seq: 1, to: "up" },
      { seq: 2, to: "down" },
      { seq: 3, to: "up" },
    ]);
  });

  it("is refused by the old lane, and the old lane keeps nothing but a tombstone", async () => {
    const lanes = new Lanes();
    await lanes.round([before], true, T0);
    await lanes.round([after], true, T0 + 1_000);
    expect(lanes.get(OLD, 7)).toMatchObject({ state: null, left: { rev: 2 } });
    expect(lanes.get(NEW, 7)).toMatchObject({ left: null, unsettled: [] });
    expect(await lanes.round([before], false, T0 + 2_000)).toEqual([null]);
  });

  it("takes five calls, once, however many move together; afterwards a round is one call", async () => {
    const lanes = new Lanes();
    const many = Array.from({ length: 24 }, (_, n) => ({ ...before, service_id: n + 1 }));
    const moved = many.map((check) => ({ ...check, rev: 2, lane: NEW, former_lanes: [OLD] }));
    await lanes.round(many, true, T0);
    lanes.calls.length = 0;
    await lanes.round(moved, true, T0 + 1_000);
    await lanes.round(moved, true, T0 + 2_000);
    const move = ["observe", "release", "adopt", "observe", "forget", "settle"];
    expect(lanes.calls.map((call) => call.split(" ")[0])).toEqual([...move, "observe"]);
  });

  it("twice before it was asked for is found in the lane before the last", async () => {
    const lanes = new Lanes();
    await lanes.round([before], true, T0);
    const again = { ...before, rev: 3, lane: 9_000_000, former_lanes: [NEW, OLD] };
    await lanes.round([again], false, T0 + 1_000);
    expect(lanes.flips.map(({ seq }) => seq)).toEqual([1, 2]);
    expect(await lanes.round([after], true, T0 + 2_000)).toEqual([null]);
  });

  it("and was deleted leaves tombstones only", async () => {
    const lanes = new Lanes();
    await lanes.round([before], true, T0);
    await lanes.round([after], true, T0 + 1_000);
    lanes.set(NEW, 7, tombstone(2, T0));
    expect([...lanes.records.values()].map((record) => record.state)).toEqual([null, null]);
    expect(await lanes.round([after], true, T0 + 2_000)).toEqual([null]);
  });

  /** Each round is repeated until it got through, as its queue does. */
  it("loses and doubles nothing, wherever the calls crash and whichever lanes it visits", async () => {
    const LANES = [OLD, NEW, 9_000_000];
    const step = fc.oneof(
      fc.record({ kind: fc.constant("round" as const), ok: fc.boolean() }),
      fc.record({ kind: fc.constant("late" as const), ok: fc.boolean() }),
      fc.record({ kind: fc.constant("move" as const), to: fc.integer({ min: 0, max: 2 }) }),
    );
    const crashes = fc.infiniteStream(fc.constantFrom(null, null, null, "before" as const, "after" as const));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), crashes, async (steps, fate) => {
        const lanes = new Lanes();
        lanes.crash = () => fate.next().value ?? null;
        let check: Check = before;
        const planned: Check[] = [];
        let expected = "unknown";
        let changes = 0;
        for (const [index, each] of steps.entries()) {
          if (each.kind === "move") {
            planned.push(check);
            const lane = LANES[each.to] ?? OLD;
            const former_lanes = [check.lane, ...check.former_lanes].filter((known) => known !== lane);
            check = { ...check, rev: check.rev + 1, lane, former_lanes };
            continue;
          }
          const asked = each.kind === "late" ? planned.at(-1) : check;
          if (asked === undefined) continue;
          const results = await untilThrough(() => lanes.round([asked], each.ok, T0 + index * 1_000));
          const isNews = results[0] !== null;
          if (each.kind === "round") expect(results).toEqual([each.ok ? "up" : "down"]);
          if (isNews && expected !== results[0]) changes += 1;
          if (isNews) expected = results[0] ?? expected;
        }
        expect(lanes.flips.map(({ seq }) => seq)).toEqual(Array.from({ length: changes }, (_, n) => n + 1));
      }),
      { numRuns: 300 },
    );
  });
});

async function untilThrough<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 0; tries < 1_000; tries++) {
    try {
      return await work();
    } catch {
      // crashed: the queue delivers the round again
    }
  }
  throw new Error("never got through");
}
