/** Every route of a hub that has watched 10,000 services for a year. */
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { accepted, call } from "../processes/hub-client.ts";
import { type HubProcess, startHub } from "../processes/hub-process.ts";
import { sleep } from "../processes/patience.ts";
import type { Bench, BenchContext } from "./bench.ts";
import type { Figure } from "./figure.ts";
import { type MeteredHub, startMeteredHub } from "./metered-hub.ts";
import { loadAverage } from "./process-tree.ts";
import { quantile } from "./quantile.ts";
import type { Api } from "./registered.ts";
import { startTarget, type Target } from "./target-process.ts";
import { fillYear } from "./year-history.ts";
import { AGENT, EXTRA, NOT_ASKED, PROJECTS, type Question, questionsOf, SERVICES_A_PROJECT } from "./year-questions.ts";

const LIMIT_MS = 300;
const TIMES = 60;
const AT_ONCE = 4;
const WARM_UP = 3;
/** One that breaks its limit by far need not be asked sixty times to show it. */
const PATIENCE_MS = 20_000;
/** Its objects wake, it reads the registry and the last rounds, and its first minutes' work is done. */
const START_MS = 45_000;
/** One service in this many is down. */
const DOWN = 50;
/** Seconds between two checks: they do not disturb. */
const INTERVAL_S = 3_600;
const VARS = { HUB_ID: "year", FEDERATION_INTERVAL: "3600" };

interface Measured {
  alone: number[];
  together: number[];
  rows: number;
}

export const yearBench: Bench = {
  names: ["year"],
  about: "every route, with a year of history of 10,000 services in the database",
  async run(context) {
    const target = await startTarget();
    const hub = await startHub({ args: ["--quiet"], vars: VARS });
    try {
      const questions = questionsOf(await register(hub, target, context));
      await requireAll(hub, questions);
      await hub.stop();
      context.progress("filling the stopped hub's database with a year");
      const rows = fillYear(hub.state, Date.now(), context.progress);
      context.progress(
        Object.entries(rows)
          .map(([table, count]) => `${count} ${table}`)
          .join(", "),
      );
      await hub.restart();
      await sleep(START_MS);
      const measured = new Map(questions.map((question): [Question, Measured] => [question, newMeasured()]));
      await askAll(hub, measured, context);
      await hub.stop();
      await countRows(hub.state, measured, context);
      return [...measured].map(([question, each]) => figureOf(question, each));
    } finally {
      await hub.remove();
      await target.stop();
    }
  },
};

function newMeasured(): Measured {
  return { alone: [], together: [], rows: Number.NaN };
}

function figureOf({ route, about = "" }: Question, { alone, together, rows }: Measured): Figure {
  const p = (values: readonly number[], part: number) => quantile(values, part).toFixed(0);
  return {
    name: `year: ${route}${about === "" ? "" : `, ${about}`}`,
    value: quantile(alone, 0.99),
    unit: "ms",
    limit: LIMIT_MS,
    better: "lower",
    note: `p50 ${p(alone, 0.5)}; ${AT_ONCE} at once p50 ${p(together, 0.5)}, p99 ${p(together, 0.99)}; ${rows} rows read; asked ${alone.length} times; load average ${loadAverage()}`,
  };
}

/** 10,000 services in 50 projects, each with tags, capabilities and what it depends on; all have been checked. */
async function register(hub: HubProcess, target: Target, { progress }: BenchContext) {
  let projectId = 0;
  for (let p = 0; p < PROJECTS; p++) {
    const { id } = await call<{ id: number }>(hub, "POST", "/api/projects", { name: `p${p}` });
    if (p === 0) projectId = id;
    const services = Array.from({ length: SERVICES_A_PROJECT }, (_, index) => serviceOf(p, index, target));
    await call(hub, "PUT", `/api/projects/${id}/manifest`, { services });
  }
  progress("all services are registered");
  for (let total = -1; total !== 0; await sleep(500)) {
    ({ total } = await call<{ total: number }>(hub, "GET", "/api/services?limit=1&status=unknown"));
  }
  await call(hub, "POST", "/api/projects", { name: EXTRA });
  await call(hub, "PUT", `/api/agents/${AGENT}`);
  const beat = { project: EXTRA, name: "beat", health_method: "heartbeat", health_interval: INTERVAL_S };
  const { id: heartbeatId } = await call<{ id: number }>(hub, "POST", "/api/services", beat);
  for (let n = 0; n < 100; n++) {
    const url = { health_method: "http", health_url: target.url(n), health_interval: INTERVAL_S };
    await call(hub, "POST", "/api/services", { project: EXTRA, name: `agents-${n}`, agent: AGENT, ...url });
  }
  return { heartbeatId, projectId };
}

function serviceOf(project: number, index: number, target: Target) {
  const number = project * SERVICES_A_PROJECT + index;
  const isDown = number % DOWN === DOWN - 1;
  return {
    name: `s${number}`,
    health_method: "http",
    health_url: isDown ? "http://127.0.0.1:1/" : target.url(number),
    health_interval: INTERVAL_S,
    health_retries: isDown ? 0 : 1,
    tags: [`tag-${number % 50}`, number % 2 === 0 ? "even" : "odd", "all"],
    capabilities: [`can-${number % 20}`],
    metadata: { team: `team-${number % 30}`, tier: number % 3 },
    depends_on: index % 10 === 0 ? [] : [`s${number - 1}`],
  };
}

/** Throws when the API document has a route that reads and that is neither asked nor excused. */
async function requireAll(hub: Api, questions: readonly Question[]): Promise<void> {
  const { paths }: { paths: Record<string, object> } = await accepted(await hub.fetch("/openapi.json"));
  const asked = new Set([...questions.map(({ route }) => route), ...NOT_ASKED]);
  const routes = Object.entries(paths).flatMap(([path, methods]) => ("get" in methods ? [`GET ${path}`] : []));
  const left = routes.filter((route) => !asked.has(route));
  if (left.length > 0) throw new Error(`the benchmark asks no ${left.join(", ")}`);
}

async function askAll(hub: Api, measured: Map<Question, Measured>, { progress }: BenchContext): Promise<void> {
  let pass = 0;
  for (const [question, each] of measured) {
    if (question.route.startsWith("GET")) for (let n = 0; n < WARM_UP; n++) await timed(hub, question, 900 + n);
    const until = Date.now() + PATIENCE_MS;
    for (let n = 0; n < TIMES && Date.now() < until; n++) each.alone.push(await timed(hub, question, n));
    progress(
      `${++pass} of ${measured.size}: ${question.route} ${question.about ?? ""}: ${quantile(each.alone, 0.99).toFixed(0)} ms`,
    );
  }
  for (const [question, each] of measured) {
    const until = Date.now() + PATIENCE_MS;
    for (let n = TIMES; n < 2 * TIMES && Date.now() < until; n += AT_ONCE) {
      const group = Array.from({ length: AT_ONCE }, (_, index) => timed(hub, question, n + index));
      each.together.push(...(await Promise.all(group)));
    }
  }
}

/** Ms until the whole answer is there. Throws when the hub refused. */
async function timed(hub: Api, question: Question, n: number): Promise<number> {
  const start = performance.now();
  const answer = await question.ask(hub, n);
  const text = await answer.text();
  const ms = performance.now() - start;
  if (!answer.ok) throw new Error(`${question.route}: ${answer.status} ${text}`);
  return ms;
}

/** Asks a hub whose database is metered once more; its database is the same. */
async function countRows(state: string, measured: Map<Question, Measured>, { progress }: BenchContext): Promise<void> {
  const move = async (to: string) => {
    await rm(join(to, "v3"), { recursive: true, force: true });
    await rename(join(state, "v3"), join(to, "v3"));
  };
  const hub = await startMeteredHub(VARS, move);
  try {
    await sleep(START_MS);
    progress("counting the rows that are read");
    for (const [question, each] of measured) {
      const before = await rowsRead(hub);
      await timed(hub, question, 1_000);
      each.rows = (await rowsRead(hub)) - before;
    }
  } finally {
    await hub.remove();
  }
}

/** By requests, and by the objects that they ask. */
async function rowsRead(hub: MeteredHub): Promise<number> {
  const { database_rows } = await hub.counts();
  return database_rows.http.read + database_rows.objects.read;
}
