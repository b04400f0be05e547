import { expect, it } from "vitest";
import { unknownState } from "../../src/core/board/board-entry.ts";
import type { Flip, RecordedFlip } from "../../src/core/status/recorded-flip.ts";
import { type JudgedFinding, publishJudged } from "../../src/pipeline/judge.ts";
import { aCheck, anObservation, T0 } from "../core/fixtures.ts";

function judged(service_id: number, flips: readonly (readonly [seq: number, at: number])[]): JudgedFinding {
  const flip = ([seq, ms]: readonly [number, number]): Flip => {
    const at = new Date(ms).toISOString();
    return { service_id, seq, from: "up", to: "down", reason: "refused", at, began_at: at, evidence: [] };
  };
  const live = unknownState(T0);
  return {
    check: aCheck({ service_id }),
    outcome: { service_id, observation: anObservation(), live, flips: flips.map(flip), retry: null, version: null },
  };
}

it("writes a new flip with those before it that its lane still has, and none of services without a new one", async () => {
  const written: RecordedFlip[] = [];
  const order: string[] = [];
  const news = [
    judged(1, [
      [4, T0 - 9_000],
      [5, T0 + 10],
    ] as const),
    judged(2, [[7, T0 - 60_000]] as const),
  ];
  await publishJudged(news, T0, {
    publish: async () => void order.push("board"),
    writeFlips: async (flips) => void (order.push("database") && written.push(...flips)),
  });
  expect(written.map(({ service_id, seq }) => [service_id, seq])).toEqual([
    [1, 4],
    [1, 5],
  ]);
  expect(order).toEqual(["board", "database"]);
});

it("writes what a heartbeat made, which arrived before its round began", async () => {
  const written: RecordedFlip[] = [];
  const beat = judged(1, [[1, T0 - 3]]);
  beat.outcome.observation.at = T0 - 3;
  await publishJudged([beat], T0, {
    publish: async () => {},
    writeFlips: async (flips) => void written.push(...flips),
  });
  expect(written).toHaveLength(1);
});
