/**
 * A program that only probes: a timer and a `fetch` for each target, and its last result. It judges nothing, stores
 * nothing and shows nothing. The hub is compared with it.
 */

const TIMEOUT_MS = 10_000;

/** The first request begins the loop; `counts` may be asked for at any time after it. */
export type LoopRequest = { ask: "begin"; urls: string[]; intervalMs: number } | { ask: "counts" };
export type LoopReply = { ask: "ready" } | ({ ask: "counts" } & LoopCounts);

export interface LoopCounts {
  /** Since the start. */
  passed: number;
  /** Since the start. */
  failed: number;
  /** Targets whose last result is a pass. */
  up: number;
}

interface Result {
  hasPassed: boolean;
  status: number | null;
  error: string | null;
  /** Unix ms. */
  at: number;
  /** Milliseconds from the request to the end of the body. */
  took: number;
}

const last = new Map<string, Result>();
let passed = 0;
let failed = 0;

/** Never rejects: a failure is a result. */
async function probe(url: string): Promise<void> {
  const at = Date.now();
  const began = performance.now();
  const result = await statusOf(url);
  if (result.hasPassed) passed++;
  else failed++;
  last.set(url, { ...result, at, took: performance.now() - began });
}

async function statusOf(url: string): Promise<Pick<Result, "hasPassed" | "status" | "error">> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    await response.text();
    return { hasPassed: response.ok, status: response.status, error: null };
  } catch (error) {
    return { hasPassed: false, status: null, error: String(error) };
  }
}

/** Target n of N begins n/N of an interval after the first one. */
function begin(urls: readonly string[], intervalMs: number): void {
  for (const [index, url] of urls.entries()) {
    setTimeout(
      () => {
        void probe(url);
        setInterval(() => void probe(url), intervalMs);
      },
      (index * intervalMs) / urls.length,
    );
  }
}

function reply(message: LoopReply): void {
  process.send?.(message);
}

process.on("message", (request: LoopRequest) => {
  if (request.ask === "begin") {
    begin(request.urls, request.intervalMs);
    reply({ ask: "ready" });
    return;
  }
  const up = [...last.values()].filter(({ hasPassed }) => hasPassed).length;
  reply({ ask: "counts", passed, failed, up });
});
process.once("disconnect", () => process.exit(0));
