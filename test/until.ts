/** Waits for what must come, in every kind of test. */
import { vi } from "vitest";

/** No promise of the hub: it only ends a test that would wait for ever, on a machine as slow as they get. */
const PATIENCE_MS = 90_000;

/** Asks again until `check` no longer throws, and returns what it returned. */
export function until<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: PATIENCE_MS, interval: 50 });
}
