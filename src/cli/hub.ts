#!/usr/bin/env node
import { AGENT_USAGE, runAgent } from "../agent/run-agent.ts";
/** The `hub` command. */
import { stopSignal } from "../node/signals.ts";

const FORCED_EXIT_CODE = 130;

const stopped = stopSignal(process, Date.now, () => process.exit(FORCED_EXIT_CODE));
const [command, ...rest] = process.argv.slice(2);
if (command === "agent") {
  process.exit(await runAgent(rest, { environment: process.env, out: console.log, err: console.error, stopped }));
}
console.error(AGENT_USAGE);
process.exit(2);
