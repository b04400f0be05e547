import { describe, expect, test } from "vitest";
import { D1_LIMIT_BYTES, type SizeSample, sizeChecks, withSample } from "../../../src/core/hub/database-size.ts";
import { T0 } from "../fixtures.ts";

const DAY = 86_400_000;
const GB = 1_000_000_000;

/** Samples of the last days, each `perDay` bytes larger than the one before; the next would have `bytes`. */
function grown(bytes: number, perDay: number, days = 30): SizeSample[] {
  return Array.from({ length: days }, (_, i) => ({ at: T0 - (days - i) * DAY, bytes: bytes - (days - i) * perDay }));
}

describe("the size of the database", () => {
  test.each<[string, number, SizeSample[], string, string]>([
    [
      "passes and says when it will be full, by the rate of the last month",
      1.2 * GB,
      grown(1.2 * GB, 0.022 * GB),
      "pass",
      "1.2 GB of 10 GB: full in about 400 days at the rate of the last 30 days",
    ],
    [
      "warns from 8 GB on",
      8 * GB,
      grown(8 * GB, 0.1 * GB),
      "warn",
      "8 GB of 10 GB: full in about 20 days at the rate of the last 30 days",
    ],
    ["says that it is not growing", 9 * GB, grown(9 * GB, 0), "warn", "9 GB of 10 GB: not growing in the last 30 days"],
    [
      "names no year that nobody can know",
      GB,
      grown(GB, 1_000),
      "pass",
      "1 GB of 10 GB: full in more than ten years at the rate of the last 30 days",
    ],
    [
      "names no rate of less than a week",
      5e6,
      grown(5e6, 1e6, 6),
      "pass",
      "5 MB of 10 GB: how fast it grows is known after a week",
    ],
    [
      "says what happens at the limit",
      10 * GB - 500_000,
      grown(10 * GB, 1e6),
      "warn",
      "10 GB of 10 GB: the database is full, and nothing more is recorded until it has room",
    ],
  ])("%s", (_, bytes, samples, status, output) => {
    expect(sizeChecks({ bytes, limit: D1_LIMIT_BYTES, samples }, T0)["database:size"]).toMatchObject([
      { status, output, observedValue: bytes, observedUnit: "bytes", componentType: "datastore" },
    ]);
  });

  test("of a hub that has a disk of its own is only told", () => {
    const checks = sizeChecks({ bytes: 90 * GB, limit: null, samples: grown(90 * GB, GB) }, T0);
    expect(checks["database:size"]).toMatchObject([{ status: "pass", output: "90 GB" }]);
  });

  test("counts no sample of a clock that was ahead, nor one that is older than the rate", () => {
    const samples = [{ at: T0 - 90 * DAY, bytes: 0 }, ...grown(GB, 1e7), { at: T0 + 30 * DAY, bytes: 9 * GB }];
    const told = (all: SizeSample[]) =>
      sizeChecks({ bytes: GB, limit: D1_LIMIT_BYTES, samples: all }, T0)["database:size"]?.[0]?.output;
    expect(told(samples)).toBe("1 GB of 10 GB: full in about 900 days at the rate of the last 30 days");
  });
});

describe("samples", () => {
  test("are kept for a month, one a day", () => {
    let samples: SizeSample[] = [];
    for (let at = T0; at < T0 + 100 * DAY; at += DAY / 4) samples = withSample(samples, { at, bytes: at });
    expect(samples.length).toBeGreaterThanOrEqual(31);
    expect(samples.length).toBeLessThanOrEqual(32);
    expect(new Set(samples.map(({ at }) => Math.floor(at / DAY))).size).toBe(samples.length);
  });

  test("of a time to come go", () => {
    const now = { at: T0, bytes: 2 };
    expect(withSample([{ at: T0 + DAY, bytes: 1 }], now)).toEqual([now]);
  });
});
