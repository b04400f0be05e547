/** The API over the real database, with a hub around it that records what it is told. */

import { env } from "cloudflare:workers";
import type { RegistryChange } from "../../src/core/board/registry-change.ts";
import { AuditTrail } from "../../src/core/hub/audit.ts";
import { serviceMetricsText } from "../../src/core/hub/service-metrics.ts";
import { parseSettings, type Settings } from "../../src/core/hub/settings.ts";
import type { Check } from "../../src/core/service/check.ts";
import type { Heartbeat, LiveState } from "../../src/core/service/records.ts";
import { secretRules } from "../../src/core/service/secrets.ts";
import type { ServiceRow } from "../../src/core/service/service-row.ts";
import { toCheck } from "../../src/core/service/service-row.ts";
import type { Outcome } from "../../src/core/status/outcome.ts";
import { keyHash } from "../../src/http/access/access.ts";
import { createApp } from "../../src/http/app.ts";
import type { HubContext, Principal } from "../../src/http/context.ts";
import { createKey } from "../../src/store/access/keys.ts";
import type { Db } from "../../src/store/database.ts";
import { listServices } from "../../src/store/registry/services.ts";
import type { Scope } from "../../src/store/tables/hub-tables.ts";
import { federationContext } from "../../src/worker/federation.ts";
import { migratedDatabase, NOW } from "../store/fixtures.ts";

export const ADMIN_TOKEN = "test-admin-token-0000";

export interface TestHub {
  db: Db;
  context: HubContext;
  changes: RegistryChange[];
  /** Each call of `projectChanged`: name and status. */
  projects: string[];
  beats: { name: string; beat: Heartbeat }[];
  checked: string[];
  upgrades: Request[];
  /** Each call of `keysRevoked`. */
  revoked: { ids: number[]; agent: string | null }[];
  live: Map<number, LiveState>;
  keys: Record<Scope, string>;
  /** The newest call of `registryChanged`, by names. */
  lastChange(): { registered: string[]; deregistered: string[]; created: number[] } | undefined;
  request(
    method: string,
    path: string,
    body?: unknown,
    init?: { key?: string | null; headers?: HeadersInit },
  ): Promise<Response>;
  /** A body as bytes or as a stream, which has no length. */
  send(method: string, path: string, type: string, body: BodyInit, key?: string): Promise<Response>;
  /** As `request`, expecting the status; answers the JSON, which is what the caller says it is. */
  call<T = Record<string, unknown>>(method: string, path: string, status: number, body?: unknown): Promise<T>;
}

export function aLive(over: Partial<LiveState> = {}): LiveState {
  const quiet = { error: null, details: {}, consecutive_failures: 0, flapping: false, unseen_from: [], flip_seq: 0 };
  return { status: "up", since: NOW - 60_000, last_at: NOW, latency_ms: 12, ...quiet, ...over };
}

function anOutcome({ service_id }: Check): Outcome {
  const observation = { at: NOW, vantage: "home", verdict: "ok" as const, latency_ms: 3, error: null, details: {} };
  return { service_id, observation, live: aLive(), flips: [], retry: null, version: null };
}

export async function testHub(vars: Record<string, string> = {}, over: Partial<HubContext> = {}): Promise<TestHub> {
  const db = await migratedDatabase();
  const settings: Settings = parseSettings({ HUB_ADMIN_TOKEN: ADMIN_TOKEN, ...vars });
  const told = {
    changes: [] as RegistryChange[],
    projects: [] as string[],
    beats: [] as TestHub["beats"],
    checked: [] as string[],
    upgrades: [] as Request[],
    revoked: [] as { ids: number[]; agent: string | null }[],
  };
  const live = new Map<number, LiveState>();
  const tickets = new Map<string, Principal>();
  const context: HubContext = {
    settings,
    audit: new AuditTrail(),
    mayReceive: (reach) => secretRules(vars, settings.PROBE_SECRETS_ANYWHERE && reach === null),
    db,
    now: () => NOW,
    wait: async () => {},
    takeReport: async () => ({ news: 0, late: 0, states: [], untaken: [] }),
    requestIp: "203.0.113.9",
    live: async (ids) => new Map(ids.flatMap((id) => (live.has(id) ? [[id, live.get(id) ?? aLive()] as const] : []))),
    registryChanged: async (change) => void told.changes.push(change),
    projectChanged: async ({ name, status }) => void told.projects.push(`${name} ${status}`),
    checkNow: async (check) => {
      told.checked.push(check.name);
      return anOutcome(check);
    },
    heartbeat: async (check, beat) => {
      told.beats.push({ name: check.name, beat });
      return anOutcome(check);
    },
    gaps: async () => [],
    remembered: async () => null,
    knownEntries: async () => [],
    reportRefused: async () => {},
    websocket: async (request) => {
      told.upgrades.push(request);
      const pair = new WebSocketPair();
      pair[1].accept();
      return new Response(null, { status: 101, webSocket: pair[0] });
    },
    agentSocket: async (_agent, request) => {
      told.upgrades.push(request);
      const pair = new WebSocketPair();
      pair[1].accept();
      return new Response(null, { status: 101, webSocket: pair[0] });
    },
    ticket: {
      issue: async ({ scope, key, projects }) => {
        const ticket = crypto.randomUUID();
        tickets.set(ticket, { scope, key, projects, agent: null });
        return ticket;
      },
      redeem: async (ticket) => {
        const principal = tickets.get(ticket) ?? null;
        tickets.delete(ticket);
        return principal;
      },
    },
    keysRevoked: async (ids, agent) => void told.revoked.push({ ids, agent }),
    pipelineHealth: async () => ({ planned_at: NOW, probed_at: NOW, recorded_at: NOW, dead_letters: 0 }),
    serviceMetrics: async () => {
      const { rows } = await listServices(context.db, {}, { limit: 1_000 });
      const entries = rows.flatMap((row) => {
        const state = live.get(row.id);
        return state === undefined ? [] : [{ check: toCheck(row), live: state }];
      });
      return serviceMetricsText(entries);
    },
    nats: async () => null,
    federation: federationContext(env as never, "203.0.113.9"),
    summary: async () => ({
      hub_id: settings.HUB_ID,
      timestamp: new Date(NOW).toISOString(),
      overall_status: "unknown",
      services: [],
      projects: [],
    }),
    limited: async () => false,
    ...over,
  };
  const keys = await makeKeys(db);
  const app = createApp(() => context);
  const request: TestHub["request"] = async (method, path, body, { key = ADMIN_TOKEN, headers } = {}) => {
    const sent = new Headers(headers);
    if (key !== null) sent.set("authorization", `Bearer ${key}`);
    if (body !== undefined && !sent.has("content-type")) sent.set("content-type", "application/json");
    const isRaw = typeof body === "string" || body instanceof ArrayBuffer || body === undefined;
    const text = isRaw ? body : JSON.stringify(body);
    return await app.request(path, { method, headers: sent, ...(text === undefined ? {} : { body: text }) });
  };
  return {
    db,
    context,
    live,
    keys,
    request,
    ...told,
    lastChange: () => {
      const change = told.changes.at(-1);
      if (change === undefined) return undefined;
      const names = (rows: ServiceRow[]) => rows.map((row) => row.name);
      const { created, registered, deregistered } = change;
      return { created, registered: names(registered), deregistered: names(deregistered.map(({ row }) => row)) };
    },
    send: async (method, path, type, body, key = ADMIN_TOKEN) => {
      const headers = { authorization: `Bearer ${key}`, "content-type": type };
      return await app.request(path, { method, headers, body });
    },
    call: async (method, path, status, body) => {
      const response = await request(method, path, body);
      const text = await response.text();
      if (response.status !== status) throw new Error(`${method} ${path}: ${response.status} ${text}`);
      return text === "" ? null : JSON.parse(text);
    },
  };
}

async function makeKeys(db: Db): Promise<Record<Scope, string>> {
  const make = async (scope: Scope) => {
    const key = `key-${scope}-${crypto.randomUUID()}`;
    await createKey(db, {
      name: scope,
      scope,
      agent: scope === "agent" ? "inside" : null,
      hash: await keyHash(key),
      now: NOW,
    });
    return key;
  };
  return {
    read: await make("read"),
    register: await make("register"),
    write: await make("write"),
    admin: await make("admin"),
    agent: await make("agent"),
  };
}
