/** `npm run deploy`; see run-deploy.ts. */
import { fileURLToPath } from "node:url";
import { stopSignal } from "../node/signals.ts";
import { runDeploy } from "./deploy/run-deploy.ts";
import { wranglerIn } from "./deploy/wrangler-command.ts";

const INTERRUPTED_EXIT_CODE = 130;
const root = fileURLToPath(new URL("../..", import.meta.url));

function interruption(): AbortSignal {
  const controller = new AbortController();
  void stopSignal(process, Date.now, () => process.exit(INTERRUPTED_EXIT_CODE)).then(() => controller.abort());
  return controller.signal;
}

process.exit(
  await runDeploy(process.argv.slice(2), {
    root,
    environment: process.env,
    wrangler: wranglerIn(root),
    out: console.log,
    err: console.error,
    interruption,
  }),
);
