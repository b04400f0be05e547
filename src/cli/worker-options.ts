/** What wrangler.toml says about the Worker, in Miniflare's words. */
import { unstable_readConfig as readConfig, unstable_getMiniflareWorkerOptions as workerOptionsOf } from "wrangler";
import { z } from "zod";

/** Checked as far as `npm start` changes them; everything else is handed on as it is. */
const workerOptionsSchema = z.looseObject({
  name: z.string(),
  bindings: z.record(z.string(), z.json()).default({}),
  compatibilityFlags: z.array(z.string()).default([]),
  durableObjects: z.record(z.string(), z.looseObject({ className: z.string() })).default({}),
});

export type WorkerOptions = z.infer<typeof workerOptionsSchema>;

/** `bindings` holds the vars, with those of a `.dev.vars` file beside the configuration. */
export function readWorkerOptions(config: string): WorkerOptions {
  const read = readConfig({ config });
  return workerOptionsSchema.parse({ ...workerOptionsOf(read).workerOptions, name: read.name });
}
