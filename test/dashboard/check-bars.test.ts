import { describe, expect, test } from "vitest";
import { joined, MAX_BARS, type Past, type SeenCheck, withCheck } from "../../src/dashboard/live/past.ts";
import { barColumns, barsInWords, barsOf } from "../../src/dashboard/model/check-bars.ts";
import { columnAt, columnPaths } from "../../src/dashboard/model/columns.ts";
import { NOW } from "./rows.ts";

const seen = (ago: number, over: Partial<SeenCheck> = {}): SeenCheck => ({
  at: NOW - ago * 1_000,
  status: "up",
  latency_ms: 10,
  ...over,
});
const past = (...checks: SeenCheck[]): Past => ({ interval: 30, checks });
const kinds = (over: Past, now = NOW) =>
  barsOf(over, now).map((bar) => (bar.kind === "gap" ? "gap" : bar.check.status));

describe("the bars of a service", () => {
  test("are its last checks, oldest first", () => {
    expect(kinds(past(seen(60), seen(30, { status: "degraded" }), seen(1, { status: "down" })))).toEqual([
      ...["up", "degraded", "down"],
    ]);
  });

  test("are 40 at most", () => {
    const many = Array.from({ length: 100 }, (_, index) => seen((100 - index) * 30));
    expect(barsOf(past(...many), NOW)).toHaveLength(MAX_BARS);
  });

  test("have a gap where nothing was checked, also at the end", () => {
    expect(kinds(past(seen(300), seen(30)))).toEqual(["up", "gap", "up"]);
    expect(kinds(past(seen(60), seen(30)), NOW + 90_000)).toEqual(["up", "up", "gap"]);
  });

  test("of a service that is down for long have none, because it is checked less often", () => {
    const down = { status: "down", latency_ms: null } as const;
    expect(kinds(past(seen(240, down), seen(120, down), seen(1, down)))).toEqual(["down", "down", "down"]);
  });

  test("are as high as the check took; what did not answer has the full height", () => {
    const bars = barsOf(
      past(seen(60), seen(30, { latency_ms: 100 }), seen(1, { status: "down", latency_ms: null })),
      NOW,
    );
    const heights = bars.map((bar) => (bar.kind === "check" ? bar.height : null));
    expect(heights).toEqual([expect.closeTo(0.37), 1, 1]);
  });

  test("say in words what they show", () => {
    expect(barsInWords([])).toBe("no checks yet");
    expect(barsInWords(barsOf(past(seen(1)), NOW))).toBe("last check: 1 up");
    expect(barsInWords(barsOf(past(seen(300), seen(30, { status: "down" })), NOW))).toBe(
      "last 2 checks: 1 down, 1 up, with gaps",
    );
  });

  test("are drawn as one path for each status, aligned to the right", () => {
    const shape = { step: 4, width: 3, height: 20, room: MAX_BARS };
    const columns = barColumns(barsOf(past(seen(300), seen(30)), NOW), shape.height);
    const paths = columnPaths(columns, shape);
    expect([...paths.keys()]).toEqual(["up", "gap"]);
    expect(paths.get("gap")).toBe("M152 20v-2.0h3V20Z");
    expect(paths.get("up")?.match(/M/g)).toHaveLength(2);
    expect([151, 152, 156, 160].map((x) => columnAt(columns.length, x, shape))).toEqual([0, 1, 2, null]);
  });
});

describe("what the feed sends", () => {
  test("follows what the database had, and no check is there twice", () => {
    const stored = past(seen(60), seen(30));
    expect(joined(stored, [seen(29.9), seen(0)]).checks.map(({ at }) => (NOW - at) / 1_000)).toEqual([60, 30, 0]);
  });

  test("is added once", () => {
    const one = withCheck(past(seen(30)), seen(0));
    expect(one.checks).toHaveLength(2);
    expect(withCheck(one, seen(0))).toBe(one);
  });
});
