/** An agent as `hub agent` runs it, by the clock whose pace the environment tells in FAST_CLOCK. */
import { runAgent } from "../../src/agent/run-agent.ts";
import { stopSignal } from "../../src/node/signals.ts";
import { systemClock } from "../../src/node/system-clock.ts";
import { fastClock, parsePace } from "./fast-clock.ts";

const code = await runAgent(process.argv.slice(2), {
  clock: fastClock(parsePace(process.env.FAST_CLOCK), systemClock),
  environment: process.env,
  out: console.log,
  err: console.error,
  stopped: stopSignal(process, Date.now, () => process.exit(1)),
});
process.exit(code);
