/** A hub as `npm start` runs it, by the clock whose pace the environment tells in FAST_CLOCK. */
import { fileURLToPath } from "node:url";
import { SOURCES } from "../../src/cli/build-cache.ts";
import { startProgram } from "../../src/cli/start-program.ts";
import { fastClock, paceText, parsePace } from "./fast-clock.ts";

const pace = parsePace(process.env.FAST_CLOCK);

await startProgram({
  clock: fastClock(pace),
  replacement: {
    source: fileURLToPath(new URL("worker.ts", import.meta.url)),
    bindings: { FAST_CLOCK: paceText(pace) },
    builds: { folder: "dist/fast-builds", sources: [...SOURCES, "test/fast"] },
  },
});
