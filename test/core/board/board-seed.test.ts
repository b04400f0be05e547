import { expect, test } from "vitest";
import { Board } from "../../../src/core/board/board.ts";
import { seededState } from "../../../src/core/board/board-entry.ts";
import { aCheck, T0 } from "../fixtures.ts";

const check = aCheck({ recorded_status: "up", recorded_since: T0 });

test("a service whose last round is no longer stored counts as heard when its status began, and its silence counts", () => {
  const live = seededState({ check, last: null });
  expect(live).toMatchObject({ status: "up", last_at: T0 });
  const board = new Board();
  board.add(check, live);
  board.listeningSince = T0 + 3_600_000;
  const deadline = board.nextDeadline() ?? 0;
  expect(deadline).toBeGreaterThan(T0 + 3_600_000);
  expect(board.overdue(deadline + 1, 10)).toHaveLength(1);
});

test("a service that was never heard has no silence", () => {
  expect(seededState({ check: aCheck({ recorded_status: "unknown" }), last: null }).last_at).toBeNull();
});
