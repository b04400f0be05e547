/** The calls to the lanes' monitors, in the form that the steps of the pipeline need. */

import type { Closing } from "../core/board/registry-change.ts";
import type { Unwatched } from "../core/lane/lane-answer.ts";
import type { Leaver } from "../core/lane/lane-record.ts";
import type { Check, Finding } from "../core/service/check.ts";
import type { Round } from "../core/service/records.ts";
import type { Judgement } from "../core/status/outcome.ts";
import type { Clock } from "../core/time/clock.ts";
import { askLane, type MoveDeps } from "./ask-lane.ts";
import type { Bindings } from "./bindings.ts";
import { laneMonitorOf } from "./object-stubs.ts";

export interface LaneCalls {
  /**
   * Each result belongs to the finding at the same place; null: the check's configuration is no longer watched. All
   * findings must be of the round's lane.
   */
  observe(round: Round, findings: readonly Finding[], vantages: string[]): Promise<(Judgement | null)[]>;
  /** `last_at`: time of the last check or heartbeat of the service, Unix ms. */
  expire(lane: number, overdue: readonly { check: Check; last_at: number }[]): Promise<(Unwatched | null)[]>;
  close(lane: number, closing: readonly Closing[]): Promise<(Unwatched | null)[]>;
  /** Leaves only a tombstone of each of these services. */
  bury(lane: number, leavers: Leaver[]): Promise<void>;
}

export function laneCalls(env: Bindings, { now }: Pick<Clock, "now">): LaneCalls {
  const monitor = (lane: number) => laneMonitorOf(env, lane);
  const moves: MoveDeps = {
    release: async (lane, leavers) => monitor(lane).release(leavers, now()),
    adopt: async (lane, newcomers) => monitor(lane).adopt(newcomers),
    forget: async (lane, leavers) => monitor(lane).forget(leavers, now()),
    settle: async (lane, ids) => monitor(lane).settle(ids),
  };
  return {
    observe: (round, findings, vantages) =>
      askLane(round.lane, findings, async (items) => monitor(round.lane).observe(round, items, vantages), moves),
    expire: (lane, overdue) => askLane(lane, overdue, async (items) => monitor(lane).expire(items, now()), moves),
    close: (lane, closing) => askLane(lane, closing, async (items) => monitor(lane).close(items, now()), moves),
    bury: async (lane, leavers) => {
      await monitor(lane).release(leavers, now());
      await monitor(lane).forget(leavers, now());
    },
  };
}
