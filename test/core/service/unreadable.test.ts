import { expect, test } from "vitest";
import { Board } from "../../../src/core/board/board.ts";
import { currentState } from "../../../src/core/board/service-view.ts";
import { firstRounds, planRounds } from "../../../src/core/lane/schedule.ts";
import { toCheck } from "../../../src/core/service/service-row.ts";
import { Fitness } from "../../../src/core/service/unfit-checks.ts";
import { isJudgeable, UNJUDGED } from "../../../src/core/service/unreadable.ts";
import { T0 } from "../fixtures.ts";
import { aLiveState, aRow } from "../rows.ts";

const broken = aRow({ id: 1, unreadable: ["health_options", "tags"] });
const fine = aRow({ id: 2, unreadable: ["tags", "lanes", "metadata"] });
const hour = { from: T0, to: T0 + 3_600_000 };

test("a check without its options has no rounds, whoever asks for them", () => {
  const checks = [toCheck(broken), toCheck(fine)];
  const rounds = [...planRounds(checks, hour, []), ...firstRounds(checks, T0)];
  expect(new Set(rounds.flatMap((message) => message.checks.map(({ service_id }) => service_id)))).toEqual(
    new Set([2]),
  );
});

test("a service without its options is unknown, for a reason; what only describes it costs nothing", () => {
  expect(currentState(broken, aLiveState(), T0)).toMatchObject({ status: "unknown", error: UNJUDGED, last_at: T0 });
  expect(currentState(fine, aLiveState(), T0)).toMatchObject({ status: "up", error: null });
  expect(isJudgeable(toCheck(aRow()))).toBe(true);
});

test("the board forgets the status of a service whose options got lost, and learns it again", () => {
  const board = new Board();
  board.add(toCheck(aRow({ id: 1 })), aLiveState({ flip_seq: 4 }));
  board.add(toCheck({ ...broken, rev: 2 }), aLiveState());
  expect(board.get(1)?.live).toMatchObject({ status: "unknown", error: UNJUDGED, flip_seq: 4, latency_ms: null });
  board.add(toCheck(aRow({ id: 1, rev: 3 })), aLiveState());
  board.apply([[1, aLiveState()]], []);
  expect(board.get(1)?.live).toMatchObject({ status: "up", error: null });
});

test("the hub names each such service once", () => {
  const fitness = new Fitness();
  const entries = [broken, fine].map((row) => ({ check: toCheck(row) }));
  expect(fitness.unfit(entries, T0)).toMatchObject({
    count: 2,
    first: [`service 1 can't be judged: ${UNJUDGED}`, expect.stringMatching(/^service 2: lanes/)],
  });
  fitness.note({ service_id: 1, place: "shop/api", error: UNJUDGED }, T0);
  expect(fitness.unfit(entries, T0).count).toBe(2);
});
