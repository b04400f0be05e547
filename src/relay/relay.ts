/** The program of `npm run relay`; see run-relay.ts. */
import { parentEnded } from "../node/parent-process.ts";
import { stopSignal } from "../node/signals.ts";
import { runRelay } from "./run-relay.ts";

const FORCED = 130;

const stopAsked = stopSignal(process, Date.now, () => process.exit(FORCED));
const underNpm = process.env.npm_lifecycle_event !== undefined;

const code = await runRelay(process.argv.slice(2), {
  out: console.log,
  err: console.error,
  stopped: underNpm ? Promise.race([stopAsked, parentEnded(() => process.ppid)]) : stopAsked,
});
process.exit(code);
