/** A hub as `npm start` runs it, by the clock whose pace the environment tells in FAST_CLOCK. */
import { startProgram } from "../../src/cli/start-program.ts";
import { FAST_BUILDS, FAST_WORKER } from "./builds.ts";
import { fastClock, paceText, parsePace } from "./fast-clock.ts";

const pace = parsePace(process.env.FAST_CLOCK);

await startProgram({
  clock: fastClock(pace),
  replacement: { source: FAST_WORKER, bindings: { FAST_CLOCK: paceText(pace) }, builds: FAST_BUILDS },
});
