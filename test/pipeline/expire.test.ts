import { expect, test } from "vitest";
import { withLanesBack } from "../../src/pipeline/expire.ts";
import { aCheck, T0 } from "../core/fixtures.ts";

test("the silence of a lane's services begins anew when the lane answers again, and that of no others", () => {
  const overdue = [1, 2, 1].map((lane, index) => ({ check: aCheck({ service_id: index, lane }), last_at: T0 }));
  const now = T0 + 90_000;
  expect(withLanesBack(overdue, [1], now).map(({ last_at }) => last_at)).toEqual([now, T0, now]);
});
