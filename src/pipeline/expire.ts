/** Handles services whose results are overdue: their lanes decide, and the flips are recorded. */
import type { BoardUpdate, Overdue } from "../core/board/board.ts";
import type { Unwatched } from "../core/lane/lane-answer.ts";
import type { OutcomesMessage } from "../core/lane/queue-messages.ts";
import { flipsOnly, recordedFlip } from "../core/lane/round.ts";
import type { Check } from "../core/service/check.ts";
import { LANE_ANSWERS_MS } from "../core/time/durations.ts";
import { settleEach } from "../core/values/settle-each.ts";

export interface ExpireDeps {
  now(): number;
  wait(ms: number, signal?: AbortSignal): Promise<void>;
  /** `last_at`: time of the service's last result, Unix ms. */
  expire(lane: number, overdue: { check: Check; last_at: number }[]): Promise<(Unwatched | null)[]>;
  record(message: OutcomesMessage): Promise<void>;
  /** The lane did not answer. The others did. */
  failed(lane: number, error: unknown): void;
}

/**
 * Lanes of `back` did not answer when they were asked before, so nobody knows since when what is found of their services
 * arrives there. Their silence begins now, if they answer. `now`: Unix ms.
 */
export function withLanesBack(overdue: readonly Overdue[], back: readonly number[], now: number): Overdue[] {
  return overdue.map((each) => (back.includes(each.check.lane) ? { ...each, last_at: now } : each));
}

/** Returns the new states for the board. A lane that fails or hangs costs only its own services. */
export async function expireOverdue(overdue: readonly Overdue[], deps: ExpireDeps): Promise<BoardUpdate> {
  const now = deps.now();
  const lanes = Map.groupBy(overdue, ({ check }) => check.lane);
  const ask = ([lane, asked]: [number, Overdue[]]) => deps.expire(lane, asked);
  const { done, failed } = await settleEach([...lanes], ask, { limitMs: LANE_ANSWERS_MS, wait: deps.wait });
  for (const { item, error } of failed) deps.failed(item[0], error);
  const all = done.flatMap(({ item: [, asked], value: silences }) =>
    asked.flatMap(({ check }, index) => {
      const silence = silences[index] ?? null;
      return silence === null ? [] : [{ check, silence }];
    }),
  );
  const flips = all.flatMap(({ check, silence }) =>
    silence.flips.map((flip) => recordedFlip(flip, check, { live: silence.live, version: null })),
  );
  if (flips.length > 0) await deps.record(flipsOnly(flips, now));
  const epoch = overdue[0]?.check.epoch ?? "";
  return { epoch, items: all.map(({ check, silence }) => [check.service_id, silence.live]), flips };
}
