/** `npm start`; see run-start.ts. */
import { fileURLToPath } from "node:url";
import { parentEnded } from "./lifeline.ts";
import { runStart } from "./run-start.ts";
import { stopSignal } from "./signals.ts";

const FORCED = 130;

const asked = stopSignal(process, Date.now, () => process.exit(FORCED));
// npm passes a signal on to its shell only, and the shell ends without telling us.
const underNpm = process.env.npm_lifecycle_event !== undefined;
// A reader that has gone away (`npm start | head -1`) is no reason to stop.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

const code = await runStart(process.argv.slice(2), {
  environment: process.env,
  root: fileURLToPath(new URL("../..", import.meta.url)),
  out: console.log,
  err: console.error,
  stopped: underNpm ? Promise.race([asked, parentEnded(() => process.ppid)]) : asked,
});
process.exit(code);
