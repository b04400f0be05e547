/** The size of the database, as D1 tells it with every answer, and a sample of it for each day. */
import { sql } from "drizzle-orm";
import { readSamples, type SizeSample, storedSamples, withSample } from "../core/hub/database-size.ts";
import type { Db } from "./database.ts";
import { SIZES_KEY, setMeta } from "./meta.ts";

/** Room of deleted rows is part of the size: new rows take it first. */
export async function readSize(db: Db): Promise<{ bytes: number; samples: SizeSample[] }> {
  const { meta, results } = await db.run(sql`SELECT value FROM meta WHERE key = ${SIZES_KEY}`);
  const [row] = results as { value: string }[]; // D1 does not know the type of a query
  return { bytes: meta.size_after, samples: row === undefined ? [] : readSamples(JSON.parse(row.value)) };
}

/** Keeps a sample of today. `now`: Unix ms, by a clock that has gone evenly. */
export async function noteSize(db: Db, now: number): Promise<void> {
  const { bytes, samples } = await readSize(db);
  const kept = withSample(samples, { at: now, bytes });
  if (kept.at(-1)?.at === samples.at(-1)?.at && kept.length === samples.length) return;
  await setMeta(db, SIZES_KEY, storedSamples(kept));
}
