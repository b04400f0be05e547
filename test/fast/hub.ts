/** A hub as `npm start` runs it, by the clock whose pace the environment tells in FAST_CLOCK. */
import { startProgram } from "../../src/cli/start/start-program.ts";
import type { WorkerOptions } from "../../src/cli/start/worker-options.ts";
import { systemClock } from "../../src/node/system-clock.ts";
import { FAST_BUILDS, FAST_WORKER } from "./builds.ts";
import { fastClock, paceText, parsePace } from "./fast-clock.ts";

const pace = parsePace(process.env.FAST_CLOCK);

/** The platform's queues wait by the machine's clock, for company and before they try again. */
function withFastQueues(options: WorkerOptions): WorkerOptions {
  const consumers = Object.entries(options.queueConsumers ?? {});
  const faster = consumers.map(([name, each]) => [name, { ...each, maxBatchTimeout: 0, retryDelay: 1 }]);
  return { ...options, queueConsumers: Object.fromEntries(faster) };
}

await startProgram({
  clock: fastClock(pace, systemClock),
  replacement: {
    source: FAST_WORKER,
    bindings: { FAST_CLOCK: paceText(pace) },
    builds: FAST_BUILDS,
    worker: withFastQueues,
  },
});
