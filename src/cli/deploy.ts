/** `npm run deploy`; see run-deploy.ts. */
import { fileURLToPath } from "node:url";
import { runDeploy } from "./run-deploy.ts";
import { wranglerIn } from "./wrangler-command.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
process.exit(
  await runDeploy(process.argv.slice(2), { root, wrangler: wranglerIn(root), out: console.log, err: console.error }),
);
