import { describe, expect, it } from "vitest";
import {
  downtimeBefore,
  overlap,
  pauseBetween,
  tickedNow,
  unwatched,
  withDowntime,
} from "../../../src/core/downtime/downtime.ts";
import { T0 } from "../fixtures.ts";

const MINUTE = 60_000;
const LAST = 100 * MINUTE;
/** A hub that began before; without it: one that is deployed. */
const LOCAL = { startedAt: LAST - 1_000 };

describe("a gap", () => {
  it.each<[string, { now: number; startedAt?: number; checkedAt?: number[] }, [number, number] | null]>([
    ["is none while the cron comes each minute", { now: LAST + MINUTE }, null],
    ["is none when the cron is late, but within what is planned", { now: LAST + 74_000 }, null],
    [
      "is the minute that a lost cron would have planned",
      { now: LAST + 2 * MINUTE, checkedAt: [LAST + 74_000, LAST + 119_000] },
      [LAST + 74_000, LAST + 2 * MINUTE],
    ],
    [
      "begins with a pause that a cron fell into",
      { now: LAST + 80_000, ...LOCAL, checkedAt: [LAST + 30_000, LAST + 79_000] },
      [LAST + 30_000, LAST + 80_000],
    ],
    ["is there when several are lost", { now: LAST + 5 * MINUTE }, [LAST, LAST + 5 * MINUTE]],
    [
      "begins with the last check before it",
      { now: LAST + 5 * MINUTE, checkedAt: [LAST - 1, LAST + 30_000, LAST + 5 * MINUTE - 100] },
      [LAST + 30_000, LAST + 5 * MINUTE],
    ],
    [
      "ends with a start, however short it was",
      { now: LAST + 40_500, startedAt: LAST + 40_000, checkedAt: [LAST + 20_000, LAST + 40_200] },
      [LAST + 20_000, LAST + 40_500],
    ],
    ["is none when the hub was away for a moment", { now: LAST + 3_000, startedAt: LAST + 2_000 }, null],
    ["is none of a start that was noted before", { now: LAST + MINUTE, startedAt: LAST - 1_000 }, null],
  ])("%s", (_, { startedAt, checkedAt = [], now }, expected) => {
    const gap = downtimeBefore({ last: LAST, now, startedAt, checkedAt });
    expect(gap === null ? null : [gap.from, gap.to]).toEqual(expected);
  });

  it.each([
    ["a lost cron of a deployed hub", { now: LAST + 2 * MINUTE, startedAt: undefined }, true],
    ["several lost ones", { now: LAST + 3 * MINUTE, startedAt: undefined }, false],
    ["a pause of a local hub", { now: LAST + 2 * MINUTE, ...LOCAL }, false],
  ])("is one of the probes only, or of all: %s", (_, { now, startedAt }, expected) => {
    expect(downtimeBefore({ last: LAST, now, startedAt, checkedAt: [] })?.only_probes).toBe(expected);
  });

  it("is there when the clock of a local hub jumps between two looks", () => {
    expect(pauseBetween(LAST, LAST + 5_999)).toBeNull();
    expect(pauseBetween(LAST, LAST + 6_000)).toEqual({ from: LAST, to: LAST + 6_000, only_probes: false });
    expect(pauseBetween(LAST, LAST - 3_600_000)).toBeNull(); // the clock was set back
  });

  it("is one with those of its kind that it overlaps", () => {
    const gap = (from: number, to: number, only_probes = false) => ({ from, to, only_probes });
    const known = [gap(10, 20), gap(15, 25, true), gap(30, 40), gap(50, 60)];
    expect(withDowntime(known, gap(41, 49))).toEqual([
      gap(10, 20),
      gap(15, 25, true),
      gap(30, 40),
      gap(41, 49),
      gap(50, 60),
    ]);
    expect(withDowntime(known, gap(5, 35))).toEqual([gap(5, 40), gap(15, 25, true), gap(50, 60)]);
    expect(withDowntime(known, gap(32, 38))).toEqual(known);
    expect(withDowntime(known, gap(40, 50))).toEqual([gap(10, 20), gap(15, 25, true), gap(30, 60)]);
    expect(withDowntime([], gap(1, 2))).toEqual([gap(1, 2)]);
  });

  it("is no gap for who need not be checked in it", () => {
    const gaps = [{ from: 0, to: 2 * MINUTE, only_probes: false }];
    const service = { health_method: "http", agent: null } as const;
    expect(unwatched(gaps, { ...service, health_interval: 30 })).toEqual([{ from: 30_000, to: 2 * MINUTE }]);
    expect(unwatched(gaps, { ...service, health_interval: 120 })).toEqual([]);
  });

  it("in which only probes are missing is none for heartbeats and what agents see", () => {
    const gaps = [{ from: 0, to: MINUTE, only_probes: true }];
    const service = { health_method: "http", agent: null, health_interval: 10 } as const;
    expect(unwatched(gaps, service)).toHaveLength(1);
    expect(unwatched(gaps, { ...service, health_method: "heartbeat" })).toEqual([]);
    expect(unwatched(gaps, { ...service, agent: "dc-1" })).toEqual([]);
  });

  it("overlaps a window as far as it lies in it", () => {
    const gaps = [
      { from: 0, to: 10 },
      { from: 20, to: 30 },
    ];
    expect([overlap(gaps, 5, 25), overlap(gaps, 10, 20), overlap(gaps, -5, 99)]).toEqual([10, 0, 20]);
  });
});

describe("a clock that was behind", () => {
  const DAY = 86_400_000;
  it("tells nothing of the time that the hub has lived through already", () => {
    const before = { newest: T0, behind: null };
    const behind = tickedNow(before, T0, T0 - 30 * DAY);
    expect(behind.marks).toEqual({ newest: T0, behind: T0 - 30 * DAY });
    const again = tickedNow(behind.marks, T0 - 30 * DAY, T0 + 70_000);
    expect(again).toEqual({ marks: { newest: T0 + 70_000, behind: null }, last: T0 });
  });

  it("is the right one when it goes on for a day", () => {
    const behind = tickedNow({ newest: T0 + 30 * DAY, behind: null }, T0 + 30 * DAY, T0);
    const later = tickedNow(behind.marks, T0 + DAY, T0 + DAY + 60_000);
    expect(later.marks).toEqual({ newest: T0 + DAY + 60_000, behind: null });
  });
});
