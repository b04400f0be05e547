/** Requests at a fixed rate, however slow their answers are. */

export interface Load {
  /** Requests a second. */
  rate: number;
  durationMs: number;
}

/** Milliseconds from when each request was due to its answer, so that waiting in line counts. Throws what a request threw. */
export async function requestsAtRate(load: Load, request: (index: number) => Promise<void>): Promise<number[]> {
  const start = performance.now();
  const count = Math.floor((load.durationMs / 1_000) * load.rate);
  const running: Promise<number>[] = [];
  for (let index = 0; index < count; index++) {
    const due = start + (index * 1_000) / load.rate;
    const early = due - performance.now();
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
    const latency = request(index).then(() => performance.now() - due);
    latency.catch(() => {}); // met again below
    running.push(latency);
  }
  return Promise.all(running);
}
