import { describe, expect, test } from "vitest";
import { Board } from "../../../src/core/board/board.ts";
import { downtimesUntil } from "../../../src/core/downtime/downtime.ts";
import { type MonitorState, newMonitorState, withoutFuture } from "../../../src/core/status/monitor-state.ts";
import { observe } from "../../../src/core/status/state-machine.ts";
import { aCheck, aFailure, T0 } from "../fixtures.ts";

const MONTH = 30 * 86_400_000;
const check = aCheck({ health_retries: 0 });

/** A state that was set while the clock was a month ahead. */
const ahead: MonitorState = {
  ...newMonitorState(check),
  status: "up",
  since: T0 + MONTH,
  last_at: T0 + MONTH,
  failing_since: T0 + MONTH,
  retry: { attempt: 1, due_at: T0 + MONTH, at: T0 + MONTH },
  flap: { times: [T0 + MONTH], flapping: true },
};

const fail = (state: MonitorState, at: number) =>
  observe(state, {
    check,
    round: { lane: check.lane, due_at: at, attempt: 0 },
    observation: aFailure({ at }),
    vantages: [],
    random: 0,
  });

describe("a state with times of a clock that was ahead", () => {
  test("makes every check look late as it is, and none once they are left out", () => {
    expect(fail(ahead, T0)?.state.status).toBe("up");
    const step = fail(withoutFuture(ahead, check.health_interval, T0 + 5, T0), T0);
    expect(step?.state).toMatchObject({
      status: "down",
      since: T0,
      last_at: T0,
      retry: null,
      flap: { flapping: false },
    });
    expect(step?.state.flips.at(-1)).toMatchObject({ at: new Date(T0).toISOString(), to: "down" });
  });

  test("that is unknown is judged by the next check too", () => {
    const unknown: MonitorState = { ...ahead, status: "unknown", last_at: null };
    const step = fail(withoutFuture(unknown, check.health_interval, T0 + 5, T0), T0);
    expect(step?.state).toMatchObject({ status: "down", since: T0 });
  });

  test("keeps the times that are past, and a retry that is due soon", () => {
    const retry = { attempt: 1, due_at: T0, at: T0 + 4_000 };
    const past = {
      ...ahead,
      since: T0 - 9,
      last_at: T0,
      failing_since: T0 - 5,
      retry,
      flap: { times: [T0], flapping: true },
    };
    expect(withoutFuture(past, check.health_interval, T0)).toBe(past);
    const mixed = { ...past, flap: { times: [T0 - 1, T0 + MONTH], flapping: true } };
    expect(withoutFuture(mixed, check.health_interval, T0)).toEqual({
      ...past,
      flap: { times: [T0 - 1], flapping: true },
    });
  });
});

test("the board takes times of a clock that was ahead for now, so that silence counts", () => {
  const board = new Board();
  const quiet = { latency_ms: 1, error: null, details: {}, consecutive_failures: 0, flapping: false, unseen_from: [] };
  board.add(check, { ...quiet, status: "up", since: T0 + MONTH, last_at: T0 + MONTH, flip_seq: 0 });
  board.listeningSince = T0 + MONTH;
  board.noteRefused([check.service_id], T0 + MONTH);
  board.correctTimes(T0);
  expect(board.get(check.service_id)?.live).toMatchObject({ since: T0, last_at: T0 });
  expect(board.overdue(T0 + 600_000, 10)).toMatchObject([{ last_at: T0 }]);
});

test("a gap that a clock made that was ahead ends now, and one that has not begun is none", () => {
  const gap = { from: T0 - 10, to: T0 - 5, only_probes: false };
  const gaps = [gap, { ...gap, from: T0 - 1, to: T0 + MONTH }, { ...gap, from: T0 + MONTH, to: T0 + 2 * MONTH }];
  expect(downtimesUntil(gaps, T0)).toEqual([gap, { ...gap, from: T0 - 1, to: T0 }]);
});
