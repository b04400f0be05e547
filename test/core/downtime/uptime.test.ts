import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Past, type StatusChange, uptime, uptimes } from "../../../src/core/downtime/uptime.ts";
import { STATUSES, type Status } from "../../../src/core/service/records.ts";

const iso = (time: number) => new Date(time).toISOString();
const to = (status: Status, at: number, began_at = at): StatusChange => ({
  to: status,
  at: iso(at),
  began_at: iso(began_at),
});

describe("uptime", () => {
  test.each<[string, StatusChange[], Status, number | null]>([
    ["is 1 when it was up all the time", [], "up", 1],
    ["is 0 when it was down all the time", [], "down", 0],
    ["counts degraded as up", [], "degraded", 1],
    ["is null when nothing is known", [], "unknown", null],
    ["begins when something is known", [to("up", 150)], "unknown", 1],
    ["leaves unknown time out", [to("down", 125), to("unknown", 150), to("up", 175)], "up", 50 / 75],
    ["counts an outage from its first failing check", [to("down", 160, 150)], "up", 0.5],
    ["counts a recovery from when it was seen", [to("up", 160, 120)], "down", 0.4],
    ["cuts an outage that began before the window", [to("down", 110, 90), to("up", 150)], "up", 0.5],
    ["starts from the last change before the window", [to("down", 20), to("up", 60)], "unknown", 1],
    ["knows nothing from when a check was missing", [to("unknown", 175, 150), to("down", 175)], "up", 50 / 75],
    ["leaves out what comes after the window", [to("down", 200), to("up", 300)], "up", 1],
    ["takes changes at one instant in their order", [to("down", 150), to("up", 150)], "up", 1],
    ["takes no change for later than the one after it", [to("down", 9_000), to("up", 150)], "up", 1],
    ["lets no outage begin before the status it ended", [to("up", 150), to("down", 170, 120)], "down", 0],
  ])("%s", (_name, changes, before, expected) => {
    const found = uptime({ changes, before, unwatched: [] }, 100, 200);
    if (expected === null) expect(found).toBeNull();
    else expect(found).toBeCloseTo(expected, 12);
  });

  test("of an empty window is null", () => {
    expect(uptime({ changes: [], before: "up", unwatched: [] }, 100, 100)).toBeNull();
  });

  test("leaves out when nobody watched, also during an outage", () => {
    const past = { changes: [to("down", 150)], before: "up" as const };
    const gap = (from: number, end: number) => ({ from, to: end });
    expect(uptime({ ...past, unwatched: [gap(100, 125)] }, 100, 200)).toBeCloseTo(25 / 75, 12);
    expect(uptime({ ...past, unwatched: [gap(140, 175)] }, 100, 200)).toBeCloseTo(40 / 65, 12);
    expect(uptime({ ...past, unwatched: [gap(0, 900)] }, 100, 200)).toBeNull();
  });

  const scenario = fc.record({
    before: fc.constantFrom(...STATUSES),
    steps: fc.array(fc.tuple(fc.constantFrom(...STATUSES), fc.nat(50), fc.nat(60)), { maxLength: 20 }),
    gap: fc.tuple(fc.nat(500), fc.nat(300)),
    cuts: fc.array(fc.integer({ min: 0, max: 500 }), { minLength: 2, maxLength: 8 }),
  });

  test("of each bucket is what a count of every millisecond gives", () => {
    fc.assert(
      fc.property(scenario, ({ before, steps, cuts, gap: [from, length] }) => {
        let at = 0;
        const changes = steps.map(([status, gap, back]) => {
          at += gap;
          return to(status, at, Math.max(0, at - back));
        });
        const past = { changes, before, unwatched: [{ from, to: from + length }] };
        const edges = [...new Set(cuts)].sort((a, b) => a - b);
        const counted = edges.slice(1).map((end, i) => countMilliseconds(past, edges[i] ?? end, end));
        const found = uptimes(past, edges);
        expect(found.map((ratio) => ratio?.toFixed(9))).toEqual(counted.map((ratio) => ratio?.toFixed(9)));
      }),
    );
  });
});

/** The plain way: the status of every millisecond is that of the last change that held by then. */
function countMilliseconds({ changes, before, unwatched }: Past, from: number, end: number): number | null {
  let [up, down] = [0, 0];
  for (let ms = from; ms < end; ms++) {
    let status = before;
    let last = -1;
    for (const change of changes) {
      const at = Date.parse(change.to === "down" || change.to === "unknown" ? change.began_at : change.at);
      last = Math.max(last, at);
      if (last <= ms) status = change.to;
    }
    if (unwatched.some((gap) => ms >= gap.from && ms < gap.to)) continue;
    if (status === "down") down++;
    else if (status !== "unknown") up++;
  }
  return up + down === 0 ? null : up / (up + down);
}
