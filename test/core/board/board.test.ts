import { describe, expect, it } from "vitest";
import { Board } from "../../../src/core/board/board.ts";
import { unknownState } from "../../../src/core/board/board-entry.ts";
import { serviceLite } from "../../../src/core/board/board-frames.ts";
import type { LiveState, Status } from "../../../src/core/service/records.ts";
import type { RecordedFlip } from "../../../src/core/status/recorded-flip.ts";
import { aCheck, aRecordedFlip, T0 } from "../fixtures.ts";

const up = (over: Partial<LiveState> = {}): LiveState => ({
  ...unknownState(T0),
  status: "up",
  last_at: T0,
  latency_ms: 12,
  flip_seq: 1,
  ...over,
});

const flip = (seq: number, to: Status, service_id = 7): RecordedFlip => aRecordedFlip({ seq, to, service_id });

const leaving = (service_id: number, rev: number | null = null) => ({ service_id, epoch: "", rev });

function boardWith(...ids: number[]): Board {
  const board = new Board();
  for (const service_id of ids) board.add(aCheck({ service_id }), unknownState(T0));
  return board;
}

describe("a board", () => {
  it("tells of a flip before the health that it led to", () => {
    const { frames, unknown } = boardWith(7).apply([[7, up()]], [flip(1, "up")]);
    expect(frames.map((frame) => frame.type)).toEqual(["flip", "health"]);
    expect(frames[0]?.parts[0]?.body).toMatchObject({ flip_seq: 1, to: "up" });
    expect(frames[1]?.parts[0]?.body).toEqual({
      id: 7,
      status: "up",
      latency_ms: 12,
      at: new Date(T0).toISOString(),
    });
    expect(unknown).toEqual([]);
  });

  it("tells of a flip once, however often it is handed over", () => {
    const board = boardWith(7);
    board.apply([[7, up()]], [flip(1, "up")]);
    const { frames } = board.apply([[7, up({ last_at: T0 + 1 })]], [flip(1, "up")]);
    expect(frames.map((frame) => frame.type)).toEqual(["health"]);
  });

  it("keeps the newer of two states: by flip, then by time", () => {
    const board = boardWith(7);
    board.apply([[7, up({ flip_seq: 2, status: "down", last_at: T0 + 5 })]], []);
    for (const older of [up({ flip_seq: 1, last_at: T0 + 9 }), up({ flip_seq: 2, last_at: T0 + 4 })]) {
      expect(board.apply([[7, older]], []).frames).toEqual([]);
      expect(board.get(7)?.live.status).toBe("down");
    }
    board.apply([[7, up({ flip_seq: 2, last_at: null })]], []);
    expect(board.get(7)?.live.status).toBe("down");
  });

  it("knows which planned checks were changed or deregistered since, and takes nothing of these back", () => {
    const board = boardWith(7, 8);
    board.add(aCheck({ service_id: 7, rev: 3 }), unknownState(T0));
    board.remove(leaving(8, 1));
    expect([board.isObsolete(7, 2), board.isObsolete(7, 3), board.isObsolete(7, 4)]).toEqual([true, false, false]);
    expect([board.isObsolete(8, 1), board.isObsolete(9, 1)]).toEqual([true, false]);
    expect(board.apply([[8, up()]], []).unknown).toEqual([]);
    board.add(aCheck({ service_id: 8, rev: 2 }), unknownState(T0));
    expect(board.isObsolete(8, 2)).toBe(false);
  });

  it("knows what is scheduled, with the latest status", () => {
    const board = new Board();
    board.add(aCheck({ service_id: 7, lane: 3_050_000 }), unknownState(T0));
    board.add(aCheck({ service_id: 8 }), unknownState(T0));
    board.add(aCheck({ service_id: 9, lane: 3_000_001 }), unknownState(T0));
    board.apply([[8, up({ since: T0 + 1 })]], []);
    board.remove(leaving(9));
    expect(board.scheduled()).toMatchObject([
      { service_id: 8, lane: 3_000_000, recorded_status: "up", recorded_since: T0 + 1 },
    ]);
  });

  it("forgets the ids of those that left long ago", () => {
    const board = new Board();
    for (let id = 1; id <= 10_001; id++) board.remove(leaving(id));
    expect([board.isObsolete(1, 1), board.isObsolete(2, 1)]).toEqual([false, true]);
  });

  it("names those it does not know and tells nothing of them", () => {
    const { frames, unknown } = boardWith(7).apply([[8, up()]], [flip(1, "up", 8)]);
    expect({ frames, unknown }).toEqual({ frames: [], unknown: [8] });
  });

  it("says null for a service that was never heard of", () => {
    const { frames } = boardWith(7).apply([[7, unknownState(T0)]], []);
    expect(frames[0]?.parts[0]?.body).toMatchObject({ at: null, status: "unknown" });
  });

  it("gives a known service its new configuration and leaves its state", () => {
    const board = boardWith(7);
    board.apply([[7, up()]], []);
    board.add(aCheck({ rev: 2, name: "renamed" }), unknownState(T0));
    expect(board.get(7)).toMatchObject({ check: { rev: 2, name: "renamed" }, live: { status: "up" } });
  });

  it("tells of what the end of the watch made of a status, but not of what was told before it", () => {
    const board = boardWith(7, 8);
    board.apply([[7, up()]], [flip(1, "up")]);
    board.add(aCheck({ service_id: 8, rev: 3 }), unknownState(T0));
    const { frames, left } = board.leave(
      [leaving(7), leaving(8, 2)],
      [flip(1, "up"), flip(2, "unknown"), flip(1, "up", 8)],
    );
    expect(frames.map(({ type }) => type)).toEqual(["flip", "deregistered"]);
    expect(frames[0]?.parts[0]?.body).toMatchObject({ flip_seq: 2, to: "unknown" });
    expect(left.map(({ check }) => check.service_id)).toEqual([7]);
  });

  it("forgets who was removed", () => {
    const board = boardWith(7);
    expect(board.remove(leaving(7))?.check.service_id).toBe(7);
    expect(board.remove(leaving(7))).toBeUndefined();
    expect([...board.entries()]).toEqual([]);
  });

  it("is as healthy as its services", () => {
    const board = boardWith(7, 8);
    expect(board.health()).toBe("unknown");
    board.apply([[7, up()]], []);
    board.apply([[8, up({ status: "down", flip_seq: 1 })]], []);
    expect(board.health()).not.toBe("healthy");
  });
});

describe("silence", () => {
  it("has no deadline before anything was heard", () => {
    const board = boardWith(7);
    expect(board.nextDeadline()).toBeNull();
    expect(board.overdue(T0 + 1e9, 10)).toEqual([]);
  });

  it("is overdue after the earliest deadline, as many at once as asked for", () => {
    const board = boardWith(7, 8, 9);
    board.apply(
      [7, 8, 9].map((id): [number, LiveState] => [id, up({ last_at: T0 + id })]),
      [],
    );
    const next = board.nextDeadline();
    expect(next).toBe(board.earliestOf([7]));
    expect(board.earliestOf([9])).toBe((next ?? 0) + 2);
    expect(board.earliestOf([404])).toBeNull();
    expect(board.overdue(next ?? 0, 10)).toEqual([]);
    expect(board.overdue((next ?? 0) + 1, 10)).toHaveLength(1);
    expect(board.overdue((next ?? 0) + 60_000, 2)).toHaveLength(2);
  });

  it("begins anew for those who could not be heard, and for nobody else", () => {
    const board = boardWith(7, 8, 9);
    board.apply(
      [7, 8, 9].map((id): [number, LiveState] => [id, up()]),
      [],
    );
    expect(board.servicesOf({ service_ids: [8] })).toEqual([8]);
    expect(board.servicesOf({ service_ids: [404] })).toEqual([]);
    expect(board.servicesOf({ agent: "a" })).toEqual([]);
    const next = board.nextDeadline() ?? 0;
    board.noteRefused([8], T0 + 500_000);
    board.noteRefused([8], T0 + 400_000); // an older one changes nothing
    expect(board.overdue(next + 1, 10).map(({ check }) => check.service_id)).toEqual([7, 9]);
    expect(board.earliestOf([8])).toBe(next + 500_000);
  });

  it("leaves out lanes that do not answer, so that the others get their turn", () => {
    const board = boardWith(7, 8);
    board.apply(
      [7, 8].map((id): [number, LiveState] => [id, up()]),
      [],
    );
    const late = (board.nextDeadline() ?? 0) + 1;
    expect(board.overdue(late, 10, () => true)).toEqual([]);
    expect(board.overdue(late, 10, () => false)).toHaveLength(2);
  });

  it("counts only since the hub can hear", () => {
    const board = boardWith(7);
    board.apply([[7, up()]], []);
    const next = board.nextDeadline() ?? 0;
    board.listeningSince = T0 + 500_000;
    expect(board.nextDeadline()).toBe(next + 500_000);
    expect(board.overdue(next + 500_000, 10)).toEqual([]);
    expect(board.overdue(next + 500_001, 10)).toMatchObject([{ last_at: T0 + 500_000 }]);
    board.apply([[7, up({ last_at: T0 + 600_000 })]], []);
    expect(board.nextDeadline()).toBe(next + 600_000);
  });
});

it("a service in a snapshot has ISO times, or null", () => {
  expect(serviceLite({ check: aCheck(), live: up() })).toMatchObject({ last_health_check: new Date(T0).toISOString() });
  expect(serviceLite({ check: aCheck(), live: unknownState(T0) })).toMatchObject({ last_health_check: null });
});

describe("late announcements", () => {
  const aBoard = (rev: number) => {
    const board = new Board();
    board.add(aCheck({ rev }), unknownState(T0));
    return board;
  };

  it("an older revision does not undo a newer one", () => {
    const board = aBoard(3);
    expect(board.add(aCheck({ rev: 2, health_url: "http://old.example.com" }), unknownState(T0))).toBe(false);
    expect(board.get(7)?.check).toMatchObject({ rev: 3, health_url: aCheck().health_url });
  });

  it("a service that was deleted does not come back, whatever its revision", () => {
    const board = aBoard(3);
    board.remove(leaving(7));
    expect(board.add(aCheck({ rev: 9 }), unknownState(T0))).toBe(false);
    expect(board.get(7)).toBeUndefined();
  });

  it("a service that was stopped comes back only when it was started again", () => {
    const board = aBoard(3);
    board.remove(leaving(7, 4));
    expect(board.add(aCheck({ rev: 3 }), unknownState(T0))).toBe(false);
    expect(board.add(aCheck({ rev: 5 }), unknownState(T0))).toBe(true);
  });

  it("a stop that comes after the next start stops nothing", () => {
    const board = aBoard(5);
    expect(board.remove(leaving(7, 4))).toBeUndefined();
    expect(board.get(7)).toBeDefined();
  });
});
