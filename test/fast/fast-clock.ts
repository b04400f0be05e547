/** A clock that runs faster than the machine's. All who share an origin and a speed see the same time. */
import type { Clock } from "../../src/core/time/clock.ts";

export interface Pace {
  /** When the clock showed the machine's time, Unix ms. */
  origin: number;
  /** Seconds of the clock in a second of the machine. */
  speed: number;
}

/** Of every fast hub, agent and test; a second of the machine is long enough for a busy one. */
export const SPEED = 5;

/** `real`: the clock of the machine or of the platform. */
export function fastClock({ origin, speed }: Pace, real: Clock): Clock {
  const fromPlatform = (at: number) => Math.round(origin + (at - origin) * speed);
  return {
    now: () => fromPlatform(real.now()),
    wait: (ms, signal) => real.wait(ms / speed, signal),
    every: (ms, run) => real.every(ms / speed, run),
    platformTime: (at) => Math.ceil(origin + (at - origin) / speed),
    fromPlatform,
  };
}

/** Reads what `paceText` wrote. Throws when it is something else. */
export function parsePace(text: string | undefined): Pace {
  const [origin = Number.NaN, speed = Number.NaN] = (text ?? "").split(" ").map(Number);
  if (!Number.isFinite(origin) || !(speed > 0)) throw new Error(`no pace of a clock: ${text}`);
  return { origin, speed };
}

export function paceText({ origin, speed }: Pace): string {
  return `${origin} ${speed}`;
}
