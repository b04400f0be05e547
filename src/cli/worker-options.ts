/** What wrangler.toml says about the Worker, in Miniflare's words. */
import { z } from "zod";

/** Checked as far as `npm start` changes or reads them; everything else is handed on as it is. */
export const workerOptionsSchema = z.looseObject({
  name: z.string(),
  bindings: z.record(z.string(), z.json()).default({}),
  compatibilityFlags: z.array(z.string()).default([]),
  d1Databases: z.record(z.string(), z.looseObject({ id: z.string() })).default({}),
  durableObjects: z.record(z.string(), z.looseObject({ className: z.string() })).default({}),
});

export type WorkerOptions = z.infer<typeof workerOptionsSchema>;
