import { describe, expect, it } from "vitest";
import {
  besideFigures,
  type Comparison,
  countedMinutes,
  cpuPerCheck,
  growthOverLastHalf,
  lastMinutes,
  type Minute,
  mean,
  minutesFrom,
} from "./beside-figures.ts";
import { isWithin } from "./table.ts";

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe("the length of a run", () => {
  it("is an hour when nothing is said", () => {
    expect(minutesFrom(undefined)).toBe(60);
  });

  it.each([
    ["3", 3],
    ["1440", 1_440],
  ])("is what BESIDE_MINUTES says: %s", (text, minutes) => {
    expect(minutesFrom(text)).toBe(minutes);
  });

  it.each(["", "2", "1441", "1.5", "-5", "5m", " 5", "1e2", "0x10"])("is refused when it is %j", (text) => {
    expect(() => minutesFrom(text)).toThrow(`from 3 to 1440, not ${JSON.stringify(text)}`);
  });
});

it.each([
  { minutes: 3, first: 2 },
  { minutes: 10, first: 4 },
  { minutes: 20, first: 6 },
  { minutes: 60, first: 6 },
])("of $minutes minutes, minute $first is the first to be counted", ({ minutes, first }) => {
  expect(countedMinutes(upTo(minutes))).toEqual(upTo(minutes).slice(first - 1));
});

it("the mean of nothing is no number, so that it keeps within no limit", () => {
  expect([mean([1, 2, 6]), mean([])]).toEqual([3, Number.NaN]);
});

it("the end of a run is its last five minutes, or the last half of a shorter one", () => {
  expect(lastMinutes(upTo(60))).toEqual([56, 57, 58, 59, 60]);
  expect(lastMinutes(upTo(3))).toEqual([2, 3]);
});

describe("growth", () => {
  it("compares five minutes in the middle with the last five, and leaves out the first half", () => {
    const memory = [...Array<number>(10).fill(1), 100, 100, 100, 100, 100, 110, 110, 110, 110, 110];
    expect(growthOverLastHalf(memory)).toBeCloseTo(10);
  });

  it("compares the last two minutes of the shortest run", () => {
    expect(growthOverLastHalf([1, 200, 190])).toBeCloseTo(-5);
  });
});

it("a check's processor time is that of all minutes by the checks of all, not a mean of minutes", () => {
  const [busy, quiet] = [
    { cpu: 900, checks: 3_000 },
    { cpu: 100, checks: 100 },
  ];
  expect(cpuPerCheck([busy, quiet])).toBeCloseTo(1_000 / 3_100);
});

describe("the figures", () => {
  it("tell the hub's time by the loop's without the warm-up, and what each of them takes", () => {
    const figures = besideFigures(run([minute({ hubCpu: 9_000 }), minute(), minute()]));
    expect(figures.map(({ value }) => value)).toEqual([300, 200, 0.5, 0, 100]);
    expect(figures[0]?.note).toContain("node 100.0, runtime 200.0");
    expect(figures[2]?.note).toContain("hub 0.300 ms a check (6000 checks), loop 0.600 ms a check (6000 checks)");
  });

  it("are over when the loop did not pass its checks, though its target answered them", () => {
    const figures = besideFigures(run([minute(), minute(), minute({ passed: 2_900 })]));
    expect(figures.filter((figure) => !isWithin(figure)).map(({ name }) => name)).toEqual([
      expect.stringContaining("checks that were due"),
    ]);
  });

  it("do not let checks that the hub caught up with at first stand for some that it left out", () => {
    const figures = besideFigures(run([minute({ checks: 6_000 }), minute(), minute({ checks: 2_800 })]));
    expect(figures.map(isWithin)).toEqual([true, true, true, true, false]);
  });

  it("are over when the hub ended during the run", () => {
    const gone = { tree: Number.NaN, node: Number.NaN, runtime: Number.NaN };
    const last = { ...minute(), hub: { memory: gone, cpu: Number.NaN, checks: 0 } };
    const figures = besideFigures(run([minute(), minute(), last]));
    expect(figures.map(isWithin)).toEqual([false, true, false, false, false]);
  });
});

function minute({ hubCpu = 900, checks = 3_000, passed = 3_000 } = {}): Minute {
  return {
    elapsed: 60_000,
    hub: { memory: { tree: 300, node: 100, runtime: 200 }, cpu: hubCpu, checks },
    idle: { tree: 200, node: 90, runtime: 110 },
    loop: { memory: 80, cpu: 1_800, checks: 3_000, passed, failed: 3_000 - passed },
    load: 1,
  };
}

function run(minutes: Minute[]): Comparison {
  return { services: 1_000, interval: 20, minutes, up: { hub: 1_000, loop: 1_000 } };
}
