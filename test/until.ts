/** Waits for what must come, in every kind of test. */
import { vi } from "vitest";

/** No promise of the hub: it only ends a test that would wait for ever, on a machine as slow as they get. */
const PATIENCE_MS = 150_000;
/** At first often, so that nothing waits for the test; then seldom, because a hub refuses whoever asks too often. */
const OFTEN_MS = 5_000;

/** Asks again until `check` no longer throws, and returns what it returned. */
export async function until<T>(check: () => T | Promise<T>): Promise<T> {
  try {
    return await vi.waitFor(check, { timeout: OFTEN_MS, interval: 50 });
  } catch {
    return await vi.waitFor(check, { timeout: PATIENCE_MS - OFTEN_MS, interval: 250 });
  }
}
