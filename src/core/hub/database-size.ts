/** How large the database is, and when it will be full at the rate of the last month. */
import { z } from "zod";
import { DATABASE_FULL } from "./database-trouble.ts";
import { type HubHealth, healthCheck } from "./hub-health.ts";

/** "Maximum database size: 10 GB (Workers Paid)", https://developers.cloudflare.com/d1/platform/limits/ */
export const D1_LIMIT_BYTES = 10_000_000_000;
/** From this part of the limit on, somebody has to do something. */
const WARN_RATIO = 0.8;
/** Less room than this: D1 refuses the next write that needs more. */
const NO_ROOM_BYTES = 1_000_000;

const DAY_MS = 86_400_000;
/** The rate is that of this time at most. */
const RATE_MS = 30 * DAY_MS;
/** In its first days a database fills with what is kept for hours only. */
const MIN_RATE_MS = 7 * DAY_MS;
/** Later than this nobody can tell. */
const MAX_FORECAST_DAYS = 3_650;

export interface SizeSample {
  /** Unix ms. */
  at: number;
  bytes: number;
}

export interface DatabaseSize {
  bytes: number;
  /** Bytes; null: there is none but the disk's. */
  limit: number | null;
  /** One a day, the oldest first. */
  samples: readonly SizeSample[];
}

const storedSchema = z.array(z.tuple([z.number(), z.number()]));

/** Reads what `storedSamples` made; empty: nothing that can be read. */
export function readSamples(stored: unknown): SizeSample[] {
  return (storedSchema.safeParse(stored).data ?? []).map(([at, bytes]) => ({ at, bytes }));
}

/** Returns pairs of Unix ms and bytes. */
export function storedSamples(samples: readonly SizeSample[]): [number, number][] {
  return samples.map(({ at, bytes }) => [at, bytes]);
}

/** The samples of the last month with the new one, unless there is one of its day (UTC). Those of a clock that was ahead go. */
export function withSample(samples: readonly SizeSample[], sample: SizeSample): SizeSample[] {
  const past = samples.filter(({ at }) => at <= sample.at && sample.at - at <= RATE_MS + DAY_MS);
  const today = Math.floor(sample.at / DAY_MS);
  return past.some(({ at }) => Math.floor(at / DAY_MS) === today) ? past : [...past, sample];
}

/** Returns bytes a day; null: not known yet. `now`: Unix ms. */
export function growth({ bytes, samples }: DatabaseSize, now: number): { perDay: number; days: number } | null {
  const first = samples.find(({ at }) => now - at <= RATE_MS + DAY_MS);
  if (first === undefined || now - first.at < MIN_RATE_MS) return null;
  const days = (now - first.at) / DAY_MS;
  return { perDay: (bytes - first.bytes) / days, days: Math.round(days) };
}

/** It never fails: checks and statuses go on in a database that is full. What is lost is told of by the queues. */
export function sizeChecks(size: DatabaseSize, now: number): HubHealth["checks"] {
  const { bytes, limit } = size;
  const status = limit !== null && bytes >= WARN_RATIO * limit ? "warn" : "pass";
  const output =
    limit === null ? inWords(bytes) : `${inWords(bytes)} of ${inWords(limit)}: ${forecast(size, limit, now)}`;
  const check = healthCheck("datastore", status, now, { observedValue: bytes, observedUnit: "bytes", output });
  return { "database:size": [check] };
}

function forecast(size: DatabaseSize, limit: number, now: number): string {
  const room = limit - size.bytes;
  if (room < NO_ROOM_BYTES) return DATABASE_FULL;
  const rate = growth(size, now);
  if (rate === null) return "how fast it grows is known after a week";
  if (rate.perDay <= 0) return `not growing in the last ${rate.days} days`;
  const days = Math.round(room / rate.perDay);
  const rateWords = `at the rate of the last ${rate.days} days`;
  return days > MAX_FORECAST_DAYS
    ? `full in more than ten years ${rateWords}`
    : `full in about ${days === 1 ? "1 day" : `${days} days`} ${rateWords}`;
}

function inWords(bytes: number): string {
  const [divisor, unit] = bytes >= 1e9 ? [1e9, "GB"] : [1e6, "MB"];
  return `${Number((bytes / divisor).toPrecision(3))} ${unit}`;
}
