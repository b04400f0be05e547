import { describe, expect, test } from "vitest";
import {
  adopt,
  expiryOf,
  forget,
  type LaneRecord,
  recordInLane,
  release,
  releasedFrom,
  standingOf,
  tombstone,
} from "../../../src/core/lane/lane-record.ts";
import { newMonitorState } from "../../../src/core/status/monitor-state.ts";
import { aCheck, T0 } from "../fixtures.ts";

const FORMER = 3_000_000;
const stateFrom = (record: LaneRecord, rev: number) => releasedFrom(record, rev).state;
const inNewLane = (rev: number) => aCheck({ rev, lane: 6_000_000, former_lanes: [FORMER] });
const stateAt = (rev: number) => ({
  ...newMonitorState(aCheck({ rev })),
  status: "down" as const,
  seq: 4,
  failures: 2,
});

describe("a service in its lane", () => {
  test.each<[string, LaneRecord | undefined, number, number[], string]>([
    ["is at home when it never was elsewhere", undefined, 1, [], "here"],
    ["is a stranger when its state may lie in a former lane", undefined, 2, [FORMER], "stranger"],
    ["is at home when its state is here", recordInLane(stateAt(1)), 1, [], "here"],
    ["is refused after it left, when the check was planned before", tombstone(3, T0), 3, [], "refused"],
    ["is a stranger when it left and comes back", tombstone(3, T0), 4, [FORMER], "stranger"],
  ])("%s", (_, record, rev, former_lanes, standing) => {
    expect(standingOf(record, aCheck({ rev, former_lanes }))).toBe(standing);
  });
});

describe("a move", () => {
  test("takes status, seq and flips along, and begins a new streak", () => {
    const left = release(recordInLane(stateAt(1)), 2, T0);
    const arrived = adopt(undefined, inNewLane(2), stateFrom(left, 2));
    expect(arrived).toMatchObject({
      left: null,
      unsettled: [FORMER],
      state: { status: "down", seq: 4, failures: 0, rev: 2 },
    });
  });

  test("may be repeated until the old lane is told that the state arrived", () => {
    const left = release(recordInLane(stateAt(1)), 2, T0);
    expect(stateFrom(release(left, 2, T0 + 9), 2)).toEqual(stateAt(1));
    const forgotten = forget(left, 2);
    expect(stateFrom(release(forgotten, 2, T0 + 9), 2)).toBeNull();
    expect(forget(forgotten, 2)).toBe(forgotten);
  });

  test("that arrives a second time changes nothing", () => {
    const arrived = adopt(undefined, inNewLane(2), stateAt(1));
    expect(adopt(arrived, inNewLane(2), null)).toBe(arrived);
  });

  test("that is overtaken by a newer one is refused", () => {
    const left = release(recordInLane(stateAt(1)), 3, T0);
    expect(stateFrom(release(left, 2, T0), 2)).toBeNull();
    expect(stateFrom(release(left, 3, T0), 3)).toEqual(stateAt(1));
    const back = recordInLane(stateAt(3));
    expect(release(back, 2, T0)).toBe(back);
    expect(releasedFrom(back, 2)).toEqual({ state: null, superseded: true });
  });

  test("back to a lane that still keeps the state goes on with it, unless the other lane brings a newer one", () => {
    const left = release(recordInLane(stateAt(1)), 2, T0);
    expect(adopt(left, inNewLane(3), null).state).toMatchObject({ seq: 4, status: "down" });
    expect(adopt(left, inNewLane(3), { ...stateAt(2), seq: 5 }).state).toMatchObject({ seq: 5 });
    expect(adopt(left, inNewLane(2), stateAt(2))).toBe(left);
  });

  test("of a state that nobody has begins with the recorded status", () => {
    const check = { ...inNewLane(2), recorded_status: "degraded" as const, recorded_seq: 9 };
    expect(adopt(undefined, check, null).state).toMatchObject({ status: "degraded", seq: 9 });
  });
});

describe("a tombstone", () => {
  test("stays for an hour, and for as long as it keeps a state that has not arrived", () => {
    expect(expiryOf(tombstone(3, T0))).toBe(T0 + 3_600_000);
    expect(expiryOf(release(undefined, 3, T0))).toBe(T0 + 3_600_000);
    expect(expiryOf(release(recordInLane(stateAt(1)), 2, T0))).toBeNull();
    expect(expiryOf(forget(release(recordInLane(stateAt(1)), 2, T0), 2))).toBe(T0 + 3_600_000);
    expect(expiryOf(recordInLane(stateAt(1)))).toBeNull();
  });
});
