/**
 * Test files that share a runtime begin with empty objects and an empty database, and leave nothing running: an object
 * that wakes up while the runtime ends would be an error of the whole run. This file runs before each test file.
 */
import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll } from "vitest";

const TRIES = 50;
const PAUSE_MS = 100;

/** What still runs may use the database. Then a reset leaves it as it was, without a word. */
async function resetAll(): Promise<void> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    await reset();
    const left = await env.DB.prepare("SELECT count(*) AS tables FROM sqlite_master").first<{ tables: number }>();
    if (left?.tables === 0) return;
    await scheduler.wait(PAUSE_MS);
  }
  throw new Error("the database could not be emptied");
}

await resetAll();
afterAll(resetAll);
