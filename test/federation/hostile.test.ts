import { afterEach, beforeEach, test, vi } from "vitest";
import { checkHostileHistories } from "./hostile-histories.ts";

/** `HOSTILE_HISTORIES=1000` plays more of them. */
const HISTORIES = Number(process.env.HOSTILE_HISTORIES ?? 30);

beforeEach(() => {
  for (const level of ["info", "warn", "error"] as const) vi.spyOn(console, level).mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

test("whatever rogues say: honest hubs hold only what honest hubs said, and converge", async () => {
  await checkHostileHistories(HISTORIES);
}, 3_600_000);
