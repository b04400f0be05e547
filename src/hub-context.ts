/** What the API needs of the hub, made for one request from the bindings. */
import type { Bindings } from "./bindings.ts";
import { errorWords } from "./core/error-words.ts";
import {
  type Check,
  HOME_VANTAGE,
  type Observation,
  type ObservationDetails,
  type Outcome,
  type ProbeMessage,
} from "./core/records.ts";
import type { RegistryChange } from "./core/registry-change.ts";
import { type ServiceRow, toCheck } from "./core/service-row.ts";
import type { Settings } from "./env.ts";
import type { HubContext } from "./http/context.ts";
import { hubSummary } from "./objects/hub-summary.ts";
import { boardOf } from "./objects/monitors.ts";
import { bridgeStatus, probeDeps, registerDeps } from "./objects/wiring.ts";
import { type ProbeDeps, runRound } from "./pipeline/probe.ts";
import { registryChanged } from "./pipeline/register.ts";
import { openDatabase } from "./store/database.ts";
import type { Scope } from "./store/tables.ts";

const now = () => Date.now();

export function hubContext(request: Request, env: Bindings, settings: Settings): HubContext {
  const db = openDatabase(env.DB);
  const board = boardOf(env);
  return {
    settings,
    db,
    now,
    requestIp: request.headers.get("CF-Connecting-IP") ?? "local",
    live: async (ids) => new Map((await board.read(ids)).map(({ id, live }) => [id, live])),
    registryChanged: (change) => registryChanged(pipelineChange(change), registerDeps(env, settings)),
    checkNow: (row) => roundOfOne(row, probeDeps(env, settings)),
    heartbeat: (row, beat) => roundOfOne(row, { ...probeDeps(env, settings), probe: reportsOf(beat) }),
    websocket: (upgrade) => board.fetch(upgrade),
    ticket: {
      issue: async (scope) => board.issueTicket(scope),
      redeem: async (ticket) => (await board.redeemTicket(ticket)) as Scope | null, // only scopes are issued
    },
    pipelineHealth: async () => {
      const [pulse, nats] = await Promise.all([board.pulse(), bridgeStatus(env, settings)]);
      return { ...pulse, nats };
    },
    summary: () => hubSummary(env, settings),
    limited: async (key) => !(await env.REQUEST_LIMIT.limit({ key })).success,
  };
}

function pipelineChange({ registered, deregistered, created }: RegistryChange) {
  return {
    registered: registered.map((row) => ({
      check: toCheck(row),
      lane: row.lane,
      status: row.status,
      status_since: row.status_since,
      created: created.includes(row.id),
    })),
    deregistered: deregistered.map((row) => ({
      check: toCheck(row),
      reason: row.enabled ? "deregistered" : "disabled",
    })),
  };
}

/** A check outside the schedule: a round of its own in the service's private lane. */
async function roundOfOne(row: ServiceRow, deps: ProbeDeps): Promise<Outcome> {
  const at = now();
  const message: ProbeMessage = {
    round: { lane: -row.id, due_at: at, attempt: 0 },
    vantage: HOME_VANTAGE,
    not_before: at,
    checks: [toCheck(row)],
  };
  const [outcome] = await runRound(message, { ...deps, watched: async (checks) => checks });
  if (outcome === undefined) throw new Error("the service is not watched any more");
  return outcome;
}

/** A heartbeat is an observation that the service made of itself. */
function reportsOf({ status, details }: Parameters<HubContext["heartbeat"]>[1]): ProbeDeps["probe"] {
  const verdicts = { pass: "ok", warn: "warn", fail: "fail" } as const;
  return async (checks: Check[], vantage, found) => {
    const reported = typeof details.output === "string" ? details.output : `the service reports ${status}`;
    const observation: Observation = {
      at: now(),
      vantage,
      verdict: verdicts[status],
      latency_ms: 0,
      error: status === "pass" ? null : errorWords(`heartbeat: ${reported}`),
      details: scalars(details),
    };
    for (const check of checks) await found(check, observation);
  };
}

/** What a service tells of itself is kept flat: an inner value as its JSON text. */
function scalars(details: Record<string, unknown>): ObservationDetails {
  const flat: ObservationDetails = {};
  for (const [key, value] of Object.entries(details)) {
    const scalar = value === null || ["string", "number", "boolean"].includes(typeof value);
    Object.defineProperty(flat, key, { value: scalar ? value : JSON.stringify(value), enumerable: true });
  }
  return flat;
}
