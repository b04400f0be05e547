/** A hub as `npm start` runs it, on a platform at its worst. It can be told when to tick, and to lose ticks. */
import { startProgram } from "../../src/cli/start/start-program.ts";
import { obeyTicks } from "../processes/obey-ticks.ts";
import { FAR_BUILDS, FAR_WORKER } from "./builds.ts";

await startProgram({
  replacement: { source: FAR_WORKER, bindings: {}, builds: FAR_BUILDS, worker: (options) => options },
  ready: obeyTicks,
});
