/** The last checks of a service: what the database had, and what the feed has sent since. */
import type { Status } from "../../core/service/records.ts";

export interface SeenCheck {
  /** Unix ms. */
  at: number;
  status: Status;
  latency_ms: number | null;
}

/** The last checks of a service, as far as they are known. */
export interface Past {
  /** Seconds. */
  interval: number;
  /** Oldest first. */
  checks: readonly SeenCheck[];
}

/** As many checks are kept and shown. */
export const MAX_BARS = 40;
const SLACK_MS = 5_000;

/** Adds what the feed has sent to what the database had, which may end some seconds earlier. */
export function joined(stored: Past, live: readonly SeenCheck[]): Past {
  const last = stored.checks.at(-1)?.at ?? 0;
  // The database has the start of the round, which is a little before the check that the feed told of.
  const slack = Math.min(SLACK_MS, stored.interval * 500);
  const newer = live.filter(({ at }) => at > last + slack);
  return { interval: stored.interval, checks: [...stored.checks, ...newer].slice(-MAX_BARS) };
}

export function withCheck(past: Past, check: SeenCheck): Past {
  const last = past.checks.at(-1);
  if (last !== undefined && check.at <= last.at) return past;
  return { ...past, checks: [...past.checks, check].slice(-MAX_BARS) };
}
