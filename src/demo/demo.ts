/** The program of `npm run demo`; see run-demo.ts. */
import { createInterface } from "node:readline";
import { parentEnded } from "../node/parent-process.ts";
import { stopSignal } from "../node/signals.ts";
import { runDemo } from "./run-demo.ts";

const FORCED = 130;

const stopAsked = stopSignal(process, Date.now, () => process.exit(FORCED));
const underNpm = process.env.npm_lifecycle_event !== undefined;
const lines = createInterface({ input: process.stdin });

const code = await runDemo(process.argv.slice(2), {
  out: console.log,
  err: console.error,
  onLine: (heard) => lines.on("line", heard),
  stopped: underNpm ? Promise.race([stopAsked, parentEnded(() => process.ppid)]) : stopAsked,
});
process.exit(code);
