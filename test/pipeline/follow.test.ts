import { expect, it } from "vitest";
import type { Known } from "../../src/core/board/board.ts";
import { unknownState } from "../../src/core/board/board-entry.ts";

import type { PageStart, SyncQuery } from "../../src/core/federation/replication.ts";
import { toCheck } from "../../src/core/service/service-row.ts";
import { systemClock } from "../../src/node/system-clock.ts";
import { AT_THE_BEGINNING, type FollowDeps, follow, followAgain, missedChange } from "../../src/pipeline/follow.ts";
import { T0 } from "../core/fixtures.ts";
import { aRow } from "../core/rows.ts";

const onBoard = (over: Parameters<typeof aRow>[0] = {}, last_at: number | null = T0): Known => ({
  entry: { check: toCheck(aRow(over)), live: { ...unknownState(T0), last_at } },
});
const changed = (row: ReturnType<typeof aRow> | null) => [
  { service_id: 7, revision: 5, at: T0 - 10_000, row, left: row === null ? { lane: 3_000_000, rev: 4 } : null },
];
const missed = (row: ReturnType<typeof aRow> | null, known: Known) => missedChange(changed(row), () => known);

it("what the board has already is not missed", () => {
  expect(missed(aRow(), onBoard())).toEqual({ registered: [], deregistered: [] });
  expect(missed(aRow({ enabled: false, rev: 2 }), { left: 2 })).toEqual({ registered: [], deregistered: [] });
  expect(missed(null, { left: Number.POSITIVE_INFINITY })).toEqual({ registered: [], deregistered: [] });
  expect(missed(null, null)).toEqual({ registered: [], deregistered: [] });
});

it("a watched service that the board lacks is registered, also when it knows only its last stop", () => {
  const registered = [{ check: toCheck(aRow({ rev: 3 })), created: true, revised: true }];
  expect(missed(aRow({ rev: 3 }), null)).toEqual({ registered, deregistered: [] });
  expect(missed(aRow({ rev: 3 }), { left: 2 })).toEqual({ registered, deregistered: [] });
});

it("a service of an older revision, or one that was never checked, is checked at once", () => {
  expect(missed(aRow({ rev: 3 }), onBoard()).registered).toMatchObject([{ created: false, revised: true }]);
  expect(missed(aRow(), onBoard({}, null)).registered).toMatchObject([{ created: false, revised: true }]);
});

it("a heartbeat that was never heard of is not checked: it tells by itself", () => {
  const beats = { health_method: "heartbeat" as const, lane: 3_050_000 };
  expect(missed(aRow(beats), onBoard(beats, null)).registered).toEqual([]);
});

it("a service that is stopped, disabled or deleted ends, unless the board knows that it did", () => {
  const end = (row: ReturnType<typeof aRow> | null) =>
    missed(row, onBoard()).deregistered.map(({ reason, deleted }) => [reason, deleted]);
  expect(end(aRow({ project_status: "stopped", rev: 2 }))).toEqual([["deregistered", false]]);
  expect(end(aRow({ enabled: false, rev: 2 }))).toEqual([["disabled", false]]);
  expect(end(null)).toEqual([["deregistered", true]]);
  expect(missed(aRow({ enabled: false, rev: 2 }), null).deregistered).toHaveLength(1);
});

function following(over: Partial<FollowDeps> = {}) {
  const calls: unknown[][] = [];
  const asked: SyncQuery[] = [];
  const note =
    (what: string) =>
    async (...all: unknown[]) =>
      void calls.push([what, ...all]);
  const page: PageStart = { kind: "page", full: false, since: 0 };
  const deps: FollowDeps = {
    now: () => T0,
    wait: systemClock.wait,
    changesOf: async () => changed(null),
    failed: (lane, error) => void calls.push(["failed", lane, error]),
    vantages: [],
    begin: async (query) => {
      asked.push(query);
      return asked.length === 1 ? { ...page, full: true } : { ...page, since: query.since };
    },
    changedServices: async (since) => ({
      registry: { epoch: "e", revision: 9, floor: 0 },
      changes: changed(null).map((change) => ({ ...change, revision: since + 5 })),
      more: since === 0,
    }),
    markOf: async () => "mark",
    known: () => null,
    enter: note("enter"),
    bury: note("bury"),
    close: async (_lane, closing) => closing.map(() => null),
    record: note("record"),
    send: note("send"),
    boardAdd: note("add"),
    boardRemove: note("remove"),
    ...over,
  };
  return { deps, calls, asked };
}

it("goes on where the last page ended, and proves that the database is the same", async () => {
  const { deps, asked } = following();
  const first = await follow(AT_THE_BEGINNING, 0, deps);
  expect(first).toMatchObject({
    more: true,
    cursor: { epoch: "e", revision: 5, head: 9, mark: "mark", copying: true },
  });
  await follow(first.cursor, 0, deps);
  expect(asked[1]).toEqual({ epoch: "e", since: 5, head: 9, mark: "mark", copying: true });
});

it("goes up to the first young change, and stays there", async () => {
  const pages = [T0 - 9_000, T0 - 1_000, T0 - 8_000].map((at, index) => ({
    ...changed(null)[0],
    at,
    revision: index + 1,
  }));
  const { deps } = following({
    changedServices: async (since) => ({
      registry: { epoch: "e", revision: 3, floor: 0 },
      changes: pages.filter(({ revision }) => revision > since) as ReturnType<typeof changed>,
      more: false,
    }),
  });
  const first = await follow(AT_THE_BEGINNING, 5_000, deps);
  expect(first).toMatchObject({ more: false, cursor: { revision: 1 } });
  expect(await follow(first.cursor, 5_000, deps)).toEqual({ cursor: first.cursor, more: false, again: [] });
  expect((await follow(first.cursor, 500, deps)).cursor).toMatchObject({ revision: 3, copying: false });
});

it("stays where it is when nothing changed", async () => {
  const { deps, calls } = following({ begin: async () => ({ kind: "nothing" }) });
  expect(await follow(AT_THE_BEGINNING, 0, deps)).toEqual({ cursor: AT_THE_BEGINNING, more: false, again: [] });
  expect(calls).toEqual([]);
});

it("enters the database's life before it compares, and buries who was deleted unseen", async () => {
  const { deps, calls } = following();
  await follow(AT_THE_BEGINNING, 0, deps);
  expect(calls).toEqual([
    ["enter", "e"],
    ["bury", 3_000_000, [{ service_id: 7, epoch: "e", rev: 5 }]],
  ]);
});

it("comes again to a page in which a part of the hub was away", async () => {
  const { deps } = following({
    known: () => onBoard(),
    boardRemove: async () => {
      throw new Error("the board is away");
    },
  });
  await expect(follow(AT_THE_BEGINNING, 0, deps)).rejects.toThrow("the board is away");
});

it("goes on when a lane does not answer, and takes its services again", async () => {
  let isAway = true;
  const { deps, calls } = following({
    bury: async () => {
      if (isAway) throw new Error("the lane is away");
    },
  });
  const first = await follow(AT_THE_BEGINNING, 0, deps);
  expect(first).toMatchObject({ cursor: { revision: 5 }, again: [7] });
  expect(calls.at(-1)?.slice(0, 2)).toEqual(["failed", 3_000_000]);
  expect(await followAgain(first.again, "e", deps)).toEqual([7]);
  isAway = false;
  expect(await followAgain(first.again, "e", deps)).toEqual([]);
});

it("keeps a service on the board whose lane could not close it", async () => {
  const { deps, calls } = following({
    known: () => onBoard(),
    close: async () => {
      throw new Error("the lane is away");
    },
  });
  expect(await follow(AT_THE_BEGINNING, 0, deps)).toMatchObject({ again: [7] });
  expect(calls.map(([what]) => what)).toEqual(["enter", "failed"]);
});
