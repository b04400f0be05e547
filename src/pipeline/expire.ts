/** Handles services whose results are overdue: their lanes decide, and the flips are recorded. */
import type { BoardUpdate, Overdue } from "../core/board.ts";
import type { Check } from "../core/check.ts";
import type { Silence } from "../core/lane-answer.ts";
import type { OutcomesMessage } from "../core/queue-messages.ts";
import { flipsOnly, recordedFlip } from "../core/round.ts";

export interface ExpireDeps {
  now(): number;
  /** `last_at`: time of the service's last result, Unix ms. */
  expire(lane: number, overdue: { check: Check; last_at: number }[]): Promise<(Silence | null)[]>;
  record(message: OutcomesMessage): Promise<void>;
}

/** Returns the new states for the board. */
export async function expireOverdue(overdue: readonly Overdue[], deps: ExpireDeps): Promise<BoardUpdate> {
  const now = deps.now();
  const lanes = Map.groupBy(overdue, ({ check }) => check.lane);
  const silent = await Promise.all(
    [...lanes].map(async ([lane, asked]) => {
      const silences = await deps.expire(lane, asked);
      return asked.flatMap(({ check }, index) => {
        const silence = silences[index] ?? null;
        return silence === null ? [] : [{ check, silence }];
      });
    }),
  );
  const all = silent.flat();
  const flips = all.flatMap(({ check, silence }) =>
    silence.flips.map((flip) => recordedFlip(flip, check, { live: silence.live, version: null })),
  );
  if (flips.length > 0) await deps.record(flipsOnly(flips, now));
  const epoch = overdue[0]?.check.epoch ?? "";
  return { epoch, items: all.map(({ check, silence }) => [check.service_id, silence.live]), flips };
}
