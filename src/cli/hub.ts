#!/usr/bin/env node
/** The `hub` command; see ../command/run-hub.ts. */
import { createInterface } from "node:readline/promises";
import { fileURLToPath } from "node:url";
import { runHub } from "../command/run-hub.ts";
import { AGENT_FLAGS, restartWithFlags } from "../node/memory.ts";
import { stopSignal } from "../node/signals.ts";
import { steadyClock, systemClock } from "../node/system-clock.ts";

const FORCED_EXIT_CODE = 130;
/** It has WebSockets, and SQLite, whose locks end with the process. */
const OLDEST_NODE = { major: 22, minor: 13 };

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < OLDEST_NODE.major || (major === OLDEST_NODE.major && minor < OLDEST_NODE.minor)) {
  console.error(`hub needs Node ${OLDEST_NODE.major}.${OLDEST_NODE.minor} or newer; this is ${process.versions.node}`);
  process.exit(1);
}

if (process.argv[2] === "agent") {
  restartWithFlags(AGENT_FLAGS, {
    environment: process.env,
    flags: process.execArgv,
    program: process.execPath,
    argv: process.argv.slice(1),
    execve: process.execve?.bind(process),
  });
}

const { stdin, stdout, stderr } = process;
const code = await runHub(process.argv.slice(2), {
  environment: process.env,
  isTerminal: stdout.isTTY === true,
  ask: stdin.isTTY && stdout.isTTY ? ask : null,
  clock: process.argv[2] === "agent" ? steadyClock : systemClock, // an agent works through whatever happens to the clock
  root: fileURLToPath(new URL("../..", import.meta.url)),
  stopped: stopSignal(process, Date.now, () => process.exit(FORCED_EXIT_CODE)),
});
process.exit(code);

/** Ctrl-C and the end of the input are no answer. */
async function ask(question: string): Promise<string> {
  const lines = createInterface({ input: stdin, output: stderr });
  const closed = new Promise<string>((resolve) => lines.once("close", () => resolve("")));
  const answer = await Promise.race([lines.question(question), closed]);
  lines.close();
  return answer;
}
