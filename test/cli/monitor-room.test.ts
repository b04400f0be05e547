import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { roomForMonitors, watchRoom } from "../../src/cli/monitor-room.ts";

const limitedTo = (hard: number | string) => ({ userLimits: { open_files: { soft: 256, hard } } });

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test.each([
  { report: limitedTo(20_000), room: 7_200 },
  { report: limitedTo(4_096), room: 838 },
  { report: limitedTo(1_024), room: 0 },
  { report: limitedTo(1_048_576), room: 10_000 },
  { report: limitedTo("unlimited"), room: 10_000 },
  { report: {}, room: 10_000 },
])("has room for $room monitors: $report", ({ report, room }) => {
  expect(roomForMonitors(report)).toBe(room);
});

test("reads the limit of this process", () => {
  expect(roomForMonitors()).toBeGreaterThanOrEqual(0);
});

function watched(counts: number[]) {
  const events: string[] = [];
  const watch = watchRoom({
    room: 10,
    count: async () => {
      const count = counts.shift() ?? 0;
      if (count < 0) throw new Error("away");
      return count;
    },
    full: async () => void events.push("full"),
    failed: () => void events.push("failed"),
  });
  return { events, watch };
}

test("tells once that there are more services than room, also when they came later", async () => {
  const { events, watch } = watched([10, 10, 11, 12]);
  const { stop } = await watch;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(events).toEqual([]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(events).toEqual(["full"]);
  await stop();
});

test("counts again after a count that failed, and no more when it is stopped", async () => {
  const { events, watch } = watched([-1, 3, 11]);
  const { stop } = await watch;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(events).toEqual(["failed"]);
  await stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(events).toEqual(["failed"]);
});
