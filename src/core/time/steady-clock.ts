/**
 * Whether the hub's clock has gone evenly for a while. By a clock that is ahead, everything is old enough to be deleted,
 * and every pause is over.
 */

import { z } from "zod";

/** A clock that was wrong after a start is right again by then. */
const STEADY_AFTER_MS = 86_400_000;
/** A machine that sleeps at night is no clock that was set. */
const LARGEST_STEP_MS = 86_400_000;
/** The hub looks once an hour at least, so a longer step is a clock that was set, or a hub that was off. */
const SMALL_STEP_MS = 2 * 3_600_000;
/** A machine that has started sets its clock by the network within this time. */
const SETTLED_AFTER_MS = 600_000;

/** Unix ms. `seen`: the last look at the clock. `stepped`: the last one that found it elsewhere; 0: none did. */
const clockRunSchema = z.object({ since: z.number(), seen: z.number(), stepped: z.number().default(0) });
export type ClockRun = z.infer<typeof clockRunSchema>;

/** Reads what was stored; null: nothing that can be read. */
export function readClockRun(stored: unknown): ClockRun | null {
  return clockRunSchema.safeParse(stored).data ?? null;
}

/** `before`: null when nobody has looked yet. */
export function clockRunAt(before: ClockRun | null, now: number): ClockRun {
  if (before === null) return { since: now, seen: now, stepped: 0 };
  const passed = now - before.seen;
  const isEven = passed >= 0 && passed <= LARGEST_STEP_MS;
  const isSmall = passed >= 0 && passed <= SMALL_STEP_MS;
  return { since: isEven ? before.since : now, seen: now, stepped: isSmall ? before.stepped : now };
}

export function isSteady({ since, seen }: ClockRun): boolean {
  return seen - since >= STEADY_AFTER_MS;
}

/** Whether no step was found just now. It is enough for what can be undone. */
export function isSettled({ seen, stepped }: ClockRun): boolean {
  return stepped === 0 || seen - stepped >= SETTLED_AFTER_MS;
}
