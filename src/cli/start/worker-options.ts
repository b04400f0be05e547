/** The configuration of the Worker in wrangler.toml, as options of Miniflare. */
import { join } from "node:path";
import { z } from "zod";

export const DATABASE_BINDING = "DB";

/** The schema has only the options that `npm start` reads or changes. All other options are passed on unchanged. */
export const workerOptionsSchema = z.looseObject({
  name: z.string(),
  bindings: z.record(z.string(), z.json()).default({}),
  compatibilityFlags: z.array(z.string()).default([]),
  d1Databases: z.record(z.string(), z.looseObject({ id: z.string() })).default({}),
  queueConsumers: z.record(z.string(), z.looseObject({})).default({}),
  durableObjects: z.record(z.string(), z.looseObject({ className: z.string() })).default({}),
  assets: z.looseObject({ directory: z.string() }).exactOptional(),
});

export type WorkerOptions = z.infer<typeof workerOptionsSchema>;

/** The same Worker with its assets in another folder. */
export function withAssetsIn(directory: string, worker: WorkerOptions): WorkerOptions {
  return worker.assets === undefined ? worker : { ...worker, assets: { ...worker.assets, directory } };
}

/** Returns the options with other batches of the queue of the probes. */
export function withProbeBatches(worker: WorkerOptions, maxBatchSize: number): WorkerOptions {
  const consumers = Object.entries(worker.queueConsumers).map(([name, consumer]) => [
    name,
    name.endsWith("-probes") ? { ...consumer, maxBatchSize } : consumer,
  ]);
  return { ...worker, queueConsumers: Object.fromEntries(consumers) };
}

/** Returns the path of the bundled entry module in the folder of a Worker. */
export function entryIn(folder: string): string {
  return join(folder, "index.js");
}
