/** Test files that share a runtime begin with empty objects and an empty database. It runs before each file. */
import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";

const TRIES = 50;
const PAUSE_MS = 100;

/** What the file before left running may still use the database. Then a reset leaves it as it was, without a word. */
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
