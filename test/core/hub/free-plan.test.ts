import { describe, expect, it } from "vitest";
import { Board } from "../../../src/core/board/board.ts";
import { unknownState } from "../../../src/core/board/board-entry.ts";
import { freePlanChecks } from "../../../src/core/hub/free-plan.ts";
import { firstLane, LANE_SIZE } from "../../../src/core/lane/lanes.ts";
import { aCheck, T0 } from "../fixtures.ts";

function boardWith(services: number, health_interval: number): Board {
  const board = new Board();
  for (let service_id = 1; service_id <= services; service_id++) {
    const lane = firstLane(health_interval) + Math.floor((service_id - 1) / LANE_SIZE);
    board.add(aCheck({ service_id, health_interval, lane }), unknownState(T0));
  }
  return board;
}

describe("on the free plan", () => {
  it.each([
    [48, 60, 8_640, "pass"],
    [49, 60, 12_960, "warn"],
    [240, 300, 8_640, "pass"],
    [24, 30, 8_640, "pass"],
    [24, 10, 25_920, "warn"],
  ])("%d services at %d s take %d operations of queues a day: %s", (services, interval, operations, status) => {
    const [check] = freePlanChecks(boardWith(services, interval).roundsADay(), T0)["plan:queueOperations"] ?? [];
    expect(check).toMatchObject({ status, observedValue: operations });
    expect(check?.output).toContain(`about ${operations} of the 10000 operations of queues`);
  });
  it("heartbeats and what agents check need none", () => {
    const board = boardWith(24, 60);
    const before = board.roundsADay();
    board.add(aCheck({ service_id: 99, health_method: "heartbeat", lane: firstLane(5) + 50_000 }), unknownState(T0));
    expect(board.roundsADay()).toBe(before);
  });
  it("a hub without services needs none", () => {
    expect(freePlanChecks(new Board().roundsADay(), T0)["plan:queueOperations"]).toMatchObject([{ status: "pass" }]);
  });
});
