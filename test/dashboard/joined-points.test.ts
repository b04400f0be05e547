import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { joinedPoints } from "../../src/dashboard/api/joined-points.ts";

beforeEach(() => void vi.stubEnv("TZ", "Europe/Berlin"));
afterEach(() => void vi.unstubAllEnvs());

const HOUR_MS = 3_600_000;
const at = (text: string) => new Date(text).getTime();
const point = (text: string, uptime: number | null) => ({ at: new Date(text).toISOString(), uptime });

describe("the history of consecutive parts of the past", () => {
  it("counts no time twice where the hub rounded both to whole days", () => {
    const start = at("2026-11-25T00:00"); // 23:00 of the day before in UTC
    const whole = (day: number, uptime: number) => ({ at: new Date(Date.UTC(2026, 10, day)).toISOString(), uptime });
    const older = { start: start - 48 * HOUR_MS, points: [whole(22, 1), whole(23, 1), whole(24, 0.5)] };
    const newer = { start, points: [whole(24, 0.5), whole(25, 1)] };
    expect(joinedPoints([older, newer])).toEqual([whole(22, 1), whole(23, 1), whole(24, 0.5), whole(25, 1)]);
  });

  it("keeps all of parts that only touch", () => {
    const older = { start: at("2026-11-24T00:00"), points: [point("2026-11-24T00:00", 1)] };
    const newer = { start: at("2026-11-25T00:00"), points: [point("2026-11-25T00:00", 0.5)] };
    expect(joinedPoints([older, newer])).toEqual([...older.points, ...newer.points]);
  });
});
