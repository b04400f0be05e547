import { expect, test } from "vitest";
import { startHub } from "../processes/hub-process.ts";
import { runUpheaval } from "./upheaval.ts";

test("moves and deletions that a kill -9 interrupts lose no status and no flip, and double none", async () => {
  const hub = await startHub({ args: ["--quiet"] });
  try {
    const upheaval = { services: 400, interval: 5, otherInterval: 7, calmMs: 2_000, progress: () => {} };
    expect(await runUpheaval(hub, upheaval)).toEqual([]);
  } finally {
    await hub.remove();
  }
});
