/** The configuration of the Worker in wrangler.toml, as options of Miniflare. */
import { z } from "zod";

/** The schema has only the options that `npm start` reads or changes. All other options are passed on unchanged. */
export const workerOptionsSchema = z.looseObject({
  name: z.string(),
  bindings: z.record(z.string(), z.json()).default({}),
  compatibilityFlags: z.array(z.string()).default([]),
  d1Databases: z.record(z.string(), z.looseObject({ id: z.string() })).default({}),
  durableObjects: z.record(z.string(), z.looseObject({ className: z.string() })).default({}),
});

export type WorkerOptions = z.infer<typeof workerOptionsSchema>;
