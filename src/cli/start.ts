/** `npm start`; see run-start.ts. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parentEnded } from "./lifeline.ts";
import { giveBackMemory, startAgainSmall } from "./memory.ts";
import { stopSignal } from "./signals.ts";

const FORCED = 130;

const root = fileURLToPath(new URL("../..", import.meta.url));
startAgainSmall(
  {
    environment: process.env,
    flags: process.execArgv,
    program: process.execPath,
    argv: process.argv.slice(1),
    execve: process.execve?.bind(process),
  },
  join(root, "dist/compiled"),
);

const asked = stopSignal(process, Date.now, () => process.exit(FORCED));
// npm passes a signal on to its shell only, and the shell ends without telling us.
const underNpm = process.env.npm_lifecycle_event !== undefined;
// A reader that has gone away (`npm start | head -1`) is no reason to stop.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

// Loaded by the process that stays only.
const { runStart } = await import("./run-start.ts");
const code = await runStart(process.argv.slice(2), {
  environment: process.env,
  root,
  out: console.log,
  err: console.error,
  ready: () => giveBackMemory(globalThis.gc),
  stopped: underNpm ? Promise.race([asked, parentEnded(() => process.ppid)]) : asked,
});
process.exit(code);
