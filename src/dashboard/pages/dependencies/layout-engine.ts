/** Runs the layout engine ELK in a worker, so that the page stays quick. Loaded only when a graph is shown. */
import ElkClient from "elkjs/lib/elk-api.js";
import workerUrl from "elkjs/lib/elk-worker.min.js?url";
import type { Shape } from "../../model/dependency-blocks.ts";
import { elkGraphOf, type Layout, layoutOf } from "../../model/dependency-layout.ts";

/** A graph of 500 services takes about two seconds. */
const PATIENCE_MS = 30_000;

/** Throws when the engine can't be loaded, fails, takes too long or is no longer wanted. */
export async function layOut(shape: Shape, signal: AbortSignal): Promise<Layout> {
  const worker = new Worker(workerUrl);
  const failed = Promise.withResolvers<never>();
  worker.addEventListener("error", () => failed.reject(new Error("The layout engine could not be loaded.")));
  const timer = setTimeout(() => failed.reject(new Error("The graph takes too long to lay out.")), PATIENCE_MS);
  signal.addEventListener("abort", () => failed.reject(signal.reason));
  try {
    const elk = new ElkClient({ workerFactory: () => worker });
    return layoutOf(shape, await Promise.race([elk.layout(elkGraphOf(shape)), failed.promise]));
  } finally {
    clearTimeout(timer);
    worker.terminate();
  }
}
