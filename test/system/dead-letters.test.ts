/** What the queues give up is in a dead-letter queue, and the hub says so; what can still be stored is stored later. */
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBuildCache } from "../../src/cli/build/build-cache.ts";
import { launch } from "../../src/cli/start/launch.ts";
import { claimPort } from "../../src/cli/start/port.ts";
import { readProject } from "../../src/cli/start/prepare.ts";
import { openStateFolder, type StateFolder } from "../../src/cli/start/state-folder.ts";
import { systemClock } from "../../src/node/system-clock.ts";
import { holdDatabase } from "../processes/database-file.ts";
import { temporaryFolder } from "../servers/child-process.ts";
import { until } from "../until.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const TOKEN = "admin-token-of-the-test";
const HEADERS = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
/** The real queues would take five minutes to give up; what is sent waits a second for company. */
const IMPATIENT = { maxRetries: 2, retryDelay: 1, maxBatchTimeout: 1 };

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let state: StateFolder;
let hub: { stop(): Promise<void> };
let url: string;
const lines: string[] = [];

async function ask(method: string, path: string, body?: object) {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: HEADERS,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

beforeAll(async () => {
  folder = await temporaryFolder("dead-letters");
  state = await openStateFolder(folder.path);
  const project = await readProject(ROOT);
  const { worker } = project;
  const consumers = Object.entries(worker.queueConsumers ?? {}).map(([name, each]) => [
    name,
    { ...each, ...IMPATIENT },
  ]);
  const port = await claimPort(0, "127.0.0.1");
  url = `http://127.0.0.1:${port}`;
  hub = await launch({
    clock: systemClock,
    root: ROOT,
    cache: await openBuildCache(ROOT, {}),
    project: { ...project, worker: { ...worker, queueConsumers: Object.fromEntries(consumers) } },
    vars: { ALLOW_PRIVATE_TARGETS: "true", LOCAL_QUEUES: "true", HUB_ADMIN_TOKEN: TOKEN },
    state,
    port,
    host: "127.0.0.1",
    log: (line) => lines.push(line),
    err: (line) => lines.push(line),
  });
});
afterAll(async () => {
  await hub?.stop();
  state?.release();
  await folder?.remove();
});

test("outcomes that failed their last retry are counted in /health, and are stored when the database is back", async () => {
  const { body: service } = await ask("PUT", "/api/projects/shop/services/job", {
    health_method: "heartbeat",
    health_interval: 3_600,
    health_retries: 0,
  });
  const beat = async (status: string) => await ask("POST", `/api/services/${service.id}/heartbeat`, { status });
  await beat("pass");
  const recent = async () => (await ask("GET", `/api/services/${service.id}/health`)).body.recent.length;
  await until(async () => expect(await recent()).toBe(1));
  const deadLetters = async () => (await ask("GET", "/health")).body.checks["queues:deadLetters"][0];
  expect(await deadLetters()).toMatchObject({ status: "pass", observedValue: 0 });

  // A round is recorded at once, and by the queue when the database is away.
  const release = holdDatabase(folder.path);
  try {
    expect((await beat("pass")).status).toBe(202);
    expect((await beat("fail")).body).toMatchObject({ status: "down" });
    await until(async () => expect(await deadLetters()).toMatchObject({ status: "warn" }));
    expect((await deadLetters()).observedValue).toBeGreaterThan(0);
    expect(lines.some((line) => line.includes('"event":"queue.dead_letters"'))).toBe(true);
    expect((await ask("GET", "/health")).status).toBe(503);
  } finally {
    release();
  }
  await until(async () => expect(await recent()).toBe(3));
  await until(async () => expect(await deadLetters()).toMatchObject({ status: "pass", observedValue: 0 }));
  const { body } = await ask("GET", `/api/flips?service=${service.id}`);
  expect(body.flips.map((flip: { seq: number; to: string }) => [flip.seq, flip.to])).toEqual([
    [2, "down"],
    [1, "up"],
  ]);
});
