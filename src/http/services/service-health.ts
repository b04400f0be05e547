/** `/api/services/{id}/health` and `/history`: the current health and the history of a service. */
import { createRoute, z } from "@hono/zod-openapi";
import type { BoardEntry } from "../../core/board/board-entry.ts";
import { knownRow } from "../../core/board/known-service.ts";
import { type CurrentState, currentState, healthDetails, uptimeSeconds } from "../../core/board/service-view.ts";
import { type Gap, unwatched } from "../../core/downtime/downtime.ts";
import type { ServiceRow } from "../../core/service/service-row.ts";
import { flipsInWindow, recentUptimes, serviceFlips } from "../../store/history/flips.ts";
import {
  coveredRange,
  historyPoints,
  latencyPercentiles,
  recentChecks,
  type TimeRange,
} from "../../store/history/history.ts";
import { measurements } from "../../store/history/measurements.ts";
import { getService } from "../../store/registry/services.ts";
import { guard } from "../access/access.ts";
import type { HubContext } from "../context.ts";
import { MEMORY_NOTE, orFromMemory } from "../from-memory.ts";
import { idParams, timeSchema } from "../parameters.ts";
import { invalid, orNotFound, problems } from "../problem.ts";
import { routes } from "../routes.ts";
import { historySchema, jsonResponse, measurementsSchema, serviceHealthSchema } from "../schemas.ts";
import { agentsOf, liveStates } from "./service-reads.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** The hub keeps no history longer than two years. */
const MAX_RANGE_MS = 731 * DAY_MS;
const MAX_RECENT = 50;
const DEFAULT_POINTS = 288;
const MAX_POINTS = 1_000;

const health = createRoute({
  method: "get",
  path: "/api/services/{id}/health",
  operationId: "getServiceHealth",
  tags: ["services"],
  summary: "Get the health of a service in detail",
  description: MEMORY_NOTE,
  ...guard("read", { project: "service", whenAway: true }),
  request: { params: idParams },
  responses: {
    200: jsonResponse(serviceHealthSchema, "The health of the service"),
    ...problems(400, 401, 403, 404, 429),
  },
});

const rangeQuery = z.object({
  from: timeSchema.optional().describe("Start, ISO 8601 or Unix milliseconds; default: 24 hours before `to`"),
  to: timeSchema.optional().describe("End, ISO 8601 or Unix milliseconds; default: now"),
  points: z
    .string()
    .regex(/^\d{1,4}$/, `expected 1 to ${MAX_POINTS}`)
    .transform(Number)
    .pipe(z.int().min(1).max(MAX_POINTS))
    .default(DEFAULT_POINTS)
    .openapi({
      type: "integer",
      minimum: 1,
      maximum: MAX_POINTS,
      default: DEFAULT_POINTS,
      description: "Maximum number of points",
    }),
});

const history = createRoute({
  method: "get",
  path: "/api/services/{id}/history",
  operationId: "getServiceHistory",
  tags: ["services"],
  summary: "Get the history of a service: uptime, response times and changes of status",
  description:
    "Covers the last 24 hours unless `from` and `to` are given; every figure counts what was due in that range and nothing else. Where single checks are no longer stored, the range begins and ends with the hour, and after 60 days with the day (UTC): `from` and `to` of the answer say what it covers. Returns at most the newest 1,000 changes of status.",
  ...guard("read", { project: "service" }),
  request: {
    params: idParams,
    query: rangeQuery,
  },
  responses: { 200: jsonResponse(historySchema, "The history of the service"), ...problems(400, 401, 403, 404, 429) },
});

const measured = createRoute({
  method: "get",
  path: "/api/services/{id}/measurements",
  operationId: "getServiceMeasurements",
  tags: ["services"],
  summary: "Get the numbers that the checks of a service measured",
  description:
    "For example CPU and memory of a container, or performance data of a plugin. Kept as long as single checks are.",
  ...guard("read", { project: "service" }),
  request: { params: idParams, query: rangeQuery },
  responses: { 200: jsonResponse(measurementsSchema, "The numbers"), ...problems(400, 401, 403, 404, 429) },
});

export const serviceHealth = routes()
  .openapi(health, async (c) => {
    const { hub } = c.var;
    const { id } = c.req.valid("param");
    const view = await orFromMemory(
      c,
      async () => healthView(hub, orNotFound(await getService(hub.db, id), "service")),
      (entries) => knownHealth(entries, id, hub.now()),
    );
    return c.json(view, 200);
  })
  .openapi(history, async (c) => {
    const { hub } = c.var;
    const row = orNotFound(await getService(hub.db, c.req.valid("param").id), "service");
    const { points, ...range } = c.req.valid("query");
    const now = hub.now();
    const [hubGaps, covered] = await Promise.all([
      hub.gaps(),
      coveredRange(hub.db, row, boundedRange(range, now), now),
    ]);
    const gaps = within(unwatched(hubGaps, row), covered);
    const [pointList, flips] = await Promise.all([
      historyPoints(hub.db, row, covered, points, gaps),
      flipsInWindow(hub.db, row.id, covered.from, covered.to),
    ]);
    return c.json({ ...isoRange(covered), points: pointList, flips, unwatched: gaps.map(isoRange) }, 200);
  })
  .openapi(measured, async (c) => {
    const { hub } = c.var;
    const row = orNotFound(await getService(hub.db, c.req.valid("param").id), "service");
    const { points, ...range } = c.req.valid("query");
    const { from, to } = boundedRange(range, hub.now());
    const rawSince = hub.now() - hub.settings.RAW_RETENTION_HOURS * HOUR_MS;
    return c.json(
      await measurements(hub.db, row, { from: Math.min(Math.max(from, rawSince), to - 1), to, points }),
      200,
    );
  });

type HealthView = Awaited<ReturnType<typeof healthView>>;

async function healthView(hub: HubContext, row: ServiceRow) {
  const now = hub.now();
  const gaps = unwatched(await hub.gaps(), row);
  const [live, hasAgent, recent, flips, uptimes, latency] = await Promise.all([
    liveStates(hub, [row]),
    agentsOf(hub, [row]),
    recentChecks(hub.db, row, MAX_RECENT, now),
    serviceFlips(hub.db, row.id, MAX_RECENT),
    recentUptimes(hub.db, row.id, [DAY_MS, 7 * DAY_MS, 30 * DAY_MS], now, gaps),
    lastDayLatency(hub, row, now),
  ]);
  const state = currentState(row, live.get(row.id) ?? null, now, hasAgent(row));
  const [day = null, week = null, month = null] = uptimes;
  return { ...stateView(row, state, now), uptime: { "24h": day, "7d": week, "30d": month }, latency, recent, flips };
}

/** Without a past, which only the database has. Returns null when the board does not know the service. */
function knownHealth(entries: readonly BoardEntry[], id: number, now: number): HealthView | null {
  const entry = entries.find(({ check }) => check.service_id === id);
  if (entry === undefined) return null;
  const row = knownRow(entry);
  return {
    ...stateView(row, currentState(row, entry.live, now), now),
    uptime: { "24h": null, "7d": null, "30d": null },
    latency: { p50: null, p95: null, p99: null },
    recent: [],
    flips: [],
  };
}

function stateView(row: ServiceRow, state: CurrentState, now: number) {
  return {
    service_id: row.id,
    name: row.name,
    status: state.status,
    since: new Date(state.since).toISOString(),
    last_health_check: state.last_at === null ? null : new Date(state.last_at).toISOString(),
    latency_ms: state.latency_ms,
    consecutive_failures: state.consecutive_failures,
    details: healthDetails(state, row.version),
    uptime_seconds: uptimeSeconds(state, now),
  };
}

async function lastDayLatency(hub: HubContext, row: ServiceRow, now: number) {
  return latencyPercentiles(hub.db, row, await coveredRange(hub.db, row, { from: now - DAY_MS, to: now }, now));
}

/** Returns the gaps as far as they lie in the range. */
function within(gaps: readonly Gap[], { from, to }: TimeRange): Gap[] {
  return gaps
    .filter((gap) => gap.from < to && gap.to > from)
    .map((gap) => ({ from: Math.max(gap.from, from), to: Math.min(gap.to, to) }));
}

function isoRange({ from, to }: TimeRange) {
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}

/** Returns Unix ms, limited to the period for which the hub can have history. */
function boundedRange(range: { from?: number | undefined; to?: number | undefined }, now: number) {
  const to = Math.min(range.to ?? now, now);
  const from = range.from ?? to - DAY_MS;
  if (from >= to) throw invalid([{ path: "from", message: "expected a time before `to` and before now" }]);
  return { from: Math.max(from, now - MAX_RANGE_MS, 0), to: Math.max(to, now - MAX_RANGE_MS + 1) };
}
