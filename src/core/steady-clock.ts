/** Whether the hub's clock has gone evenly for a while. By a clock that is ahead, everything is old enough to be deleted. */

import { z } from "zod";

/** A clock that was wrong after a start is right again by then. */
const STEADY_AFTER_MS = 86_400_000;
/** A machine that sleeps at night is no clock that was set. */
const LARGEST_STEP_MS = 86_400_000;

/** Unix ms. `seen`: the last look at the clock. */
const clockRunSchema = z.object({ since: z.number(), seen: z.number() });
export type ClockRun = z.infer<typeof clockRunSchema>;

/** Reads what was stored; null: nothing that can be read. */
export function readClockRun(stored: unknown): ClockRun | null {
  return clockRunSchema.safeParse(stored).data ?? null;
}

/** `before`: null when nobody has looked yet. */
export function clockRunAt(before: ClockRun | null, now: number): ClockRun {
  const isEven = before !== null && now >= before.seen && now - before.seen <= LARGEST_STEP_MS;
  return { since: isEven ? before.since : now, seen: now };
}

export function isSteady({ since, seen }: ClockRun): boolean {
  return seen - since >= STEADY_AFTER_MS;
}
