/** Thousands of spoiled requests against a hub that runs: none may fail it, hang, or be refused without a problem document. */
import { sample } from "fast-check";
import { type FuzzRequest, fuzzRequests } from "../http/fuzz-requests.ts";
import { type HubProcess, startHub } from "../processes/hub-process.ts";
import type { Bench, BenchContext } from "./bench.ts";
import type { Figure } from "./figure.ts";
import { quantile } from "./quantile.ts";

const REQUESTS = 10_000;
const AT_ONCE = 8;
const HANGS_AFTER_MS = 15_000;
const SHOWN = 5;
const CLIENTS = 100;

interface Faults {
  failed: string[];
  hung: string[];
  unexplained: string[];
}

export const fuzzBench: Bench = {
  names: ["fuzz"],
  about: `${REQUESTS} property-based requests: no 5xx, no hang, every error a problem document`,
  async run(context) {
    const hub = await startHub({ args: ["--quiet"] });
    try {
      return await fuzz(hub, context);
    } finally {
      await hub.remove();
    }
  },
};

async function fuzz(hub: HubProcess, { progress }: BenchContext): Promise<Figure[]> {
  const seed = Date.now() % 2 ** 31;
  progress(`seed ${seed}`);
  const document: object = JSON.parse(await (await hub.fetch("/openapi.json")).text());
  const requests = sample(fuzzRequests(document), { numRuns: REQUESTS, seed });
  const faults: Faults = { failed: [], hung: [], unexplained: [] };
  const statuses = new Map<number, number>();
  const latencies: number[] = [];
  const queue = requests.entries();
  const worker = async () => {
    for (const [index, request] of queue) {
      const started = performance.now();
      const status = await judge(hub, from(index, request), faults);
      latencies.push(performance.now() - started);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if ((index + 1) % 2_000 === 0) progress(`${index + 1} requests`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  faults.failed.push(...hub.lines.filter((line) => line.includes("crashed")));
  const alive = (await hub.fetch("/api/projects")).status;
  if (alive !== 200) faults.failed.push(`GET /api/projects afterwards: ${alive}`);
  const shape = [...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${count} × ${status}`);
  const note = `seed ${seed}; ${shape.join(", ")}; p99 ${quantile(latencies, 0.99).toFixed(0)} ms`;
  for (const line of Object.values(faults).flatMap((lines: string[]) => lines.slice(0, SHOWN))) progress(line);
  return [
    figure("answers of 500 and above", faults.failed, note),
    figure(`hangs (${HANGS_AFTER_MS / 1_000} s)`, faults.hung),
    figure("errors that are no application/problem+json", faults.unexplained),
  ];
}

/** As wrangler.toml's run_worker_first; the files of the dashboard answer for everything else. */
function isOfHub(path: string): boolean {
  return /^\/((api|ws)\/|(health|metrics|openapi\.json|docs)([?#]|$))/.test(path);
}

/** From one of many clients: each may send so much in ten seconds only, and a refused request tests nothing. */
function from(index: number, request: FuzzRequest): FuzzRequest {
  return { ...request, headers: { ...request.headers, "cf-connecting-ip": `192.0.2.${index % CLIENTS}` } };
}

function figure(what: string, lines: readonly string[], note?: string): Figure {
  const value = { name: `fuzz: ${what} in ${REQUESTS} requests`, value: lines.length, unit: "", limit: 0 };
  return { ...value, better: "lower", ...(note === undefined ? {} : { note }) };
}

/** The status of the answer; 0 when none came. */
async function judge(hub: HubProcess, request: FuzzRequest, faults: Faults): Promise<number> {
  const { method, path, headers, body } = request;
  const line = `${method} ${path.slice(0, 100)} ${String(body).slice(0, 200)}`;
  const signal = AbortSignal.timeout(HANGS_AFTER_MS);
  try {
    const response = await patiently(() => hub.fetch(path, { method, headers, body, signal, redirect: "manual" }));
    const text = await response.text();
    if (response.status >= 500) faults.failed.push(`${response.status}: ${line}: ${text.slice(0, 200)}`);
    else if (response.status >= 400 && isOfHub(path) && !isProblem(response, method, text)) {
      faults.unexplained.push(`${response.status} ${response.headers.get("content-type")}: ${line}`);
    }
    return response.status;
  } catch (error) {
    if (signal.aborted) faults.hung.push(line);
    else faults.failed.push(`${String(error)} ${String(error instanceof Error && error.cause)}: ${line}`);
    return 0;
  }
}

/** After a body that it did not read to its end the hub closes the connection, and a request may be on its way in it. */
async function patiently(request: () => Promise<Response>): Promise<Response> {
  try {
    return await request();
  } catch (error) {
    if (!(error instanceof TypeError && String(error.cause).includes("other side closed"))) throw error;
    return await request();
  }
}

function isProblem(response: Response, method: string, text: string): boolean {
  if (!response.headers.get("content-type")?.startsWith("application/problem+json")) return false;
  if (method === "HEAD") return true;
  try {
    const problem: { status?: unknown; detail?: unknown } = JSON.parse(text);
    return problem.status === response.status && typeof problem.detail === "string";
  } catch {
    return false;
  }
}
