/** What is asked of a hub with a year of history: each route of the API document that reads, and the common writes. */
import { accepted, json } from "../processes/hub-client.ts";
import type { Api } from "./registered.ts";
import { REMOTE_SERVICES } from "./year-history.ts";

export const SERVICES = 10_000;
export const PROJECTS = 50;
export const SERVICES_A_PROJECT = SERVICES / PROJECTS;
export const AGENT = "a1";
/** A project beside those of the year, for what is written. */
export const EXTRA = "extra";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export interface Question {
  /** As in the API document. */
  route: string;
  /** How it was asked. */
  about?: string;
  /** `n` differs with each call. */
  ask(hub: Api, n: number): Promise<Response>;
}

/** Routes that only another hub can ask, with its signature. */
export const NOT_ASKED = ["GET /api/federation/sync"];

const anId = (n: number) => 1 + ((n * 7_919) % SERVICES);
const cursor = (after: number, total: number) => `c${after.toString(36)}.${total.toString(36)}`;
const since = (days: number) => new Date(Date.now() - days * DAY_MS).toISOString();

function get(route: string, about: string, path: (n: number) => string): Question {
  return { route: `GET ${route}`, about, ask: (hub, n) => hub.fetch(path(n)) };
}

/** `id`: of the service that sends heartbeats; `projectId`: of the first project. */
export function questionsOf(known: { heartbeatId: number; projectId: number }): Question[] {
  const project = (n: number) => known.projectId + (n % PROJECTS);
  return [
    get("/api/services", "first page", () => "/api/services"),
    get("/api/services", "a page of 1,000", () => "/api/services?limit=1000"),
    get("/api/services", "page 50", () => `/api/services?cursor=${cursor(SERVICES / 2, SERVICES)}`),
    get("/api/services", "by tag", (n) => `/api/services?tag=tag-${n % 50}`),
    get("/api/services", "by a tag that none has", (n) => `/api/services?tag=none-${n}`),
    get("/api/services", "by capability", (n) => `/api/services?capability=can-${n % 20}`),
    get("/api/services", "by q, many", (n) => `/api/services?q=s${n % 10}`),
    get("/api/services", "by q, none", (n) => `/api/services?q=none${n}`),
    get("/api/services", "by q, page 5", (n) => `/api/services?q=s${n % 10}&cursor=${cursor(SERVICES / 2, 1_000)}`),
    get("/api/services", "up", () => "/api/services?status=up"),
    get("/api/services", "down", () => "/api/services?status=down"),
    get("/api/services", "by project", (n) => `/api/services?project=p${n % PROJECTS}`),
    get("/api/services", "by project and status", (n) => `/api/services?project=p${n % PROJECTS}&status=down`),
    get("/api/services", "by method", () => "/api/services?method=tcp"),
    get("/api/services/{id}", "", (n) => `/api/services/${anId(n)}`),
    get("/api/services/{id}/health", "", (n) => `/api/services/${anId(n)}/health`),
    get("/api/services/{id}/history", "24 hours", (n) => `/api/services/${anId(n)}/history`),
    get("/api/services/{id}/history", "30 days", (n) => `/api/services/${anId(n)}/history?from=${since(30)}`),
    get("/api/services/{id}/history", "a year", (n) => `/api/services/${anId(n)}/history?from=${since(365)}`),
    get("/api/services/{id}/measurements", "24 hours", (n) => `/api/services/${anId(n)}/measurements`),
    get("/api/latest-checks", "100 services, one after the other", (n) => latest(n, 1)),
    get("/api/latest-checks", "100 services, of 100 lanes", (n) => latest(n, 97)),
    get("/api/projects", "", () => "/api/projects"),
    get("/api/projects", "by q", (n) => `/api/projects?q=p${n % 5}`),
    get("/api/projects/{id}", "", (n) => `/api/projects/${project(n)}`),
    get("/api/projects/{id}/health", "", (n) => `/api/projects/${project(n)}/health`),
    get("/api/flips", "first page", () => "/api/flips"),
    get("/api/flips", "a page of 1,000", () => "/api/flips?limit=1000"),
    get("/api/flips", "of 7 days", () => `/api/flips?since=${since(7)}`),
    get("/api/flips", "a page half a year ago", () => `/api/flips?cursor=${Date.now() - 180 * DAY_MS}.1.1.10000`),
    get("/api/flips", "by service name", (n) => `/api/flips?service=s${anId(n) - 1}`),
    get("/api/flips", "by service id", (n) => `/api/flips?service=${anId(n)}`),
    get("/api/flips", "by project", (n) => `/api/flips?project=p${n % PROJECTS}`),
    get("/api/outages", "", () => "/api/outages"),
    get("/api/dependencies", "", () => "/api/dependencies"),
    get("/api/dependencies", "of a project", (n) => `/api/dependencies?project=p${n % PROJECTS}`),
    get("/api/summary", "", () => "/api/summary"),
    get("/metrics", "", () => "/metrics"),
    get("/health", "", () => "/health"),
    get("/.well-known/hub", "", () => "/.well-known/hub"),
    get("/api/audit", "first page", () => "/api/audit"),
    get("/api/audit", "deep", () => "/api/audit?before=10000"),
    get("/api/audit", "by action", () => "/api/audit?action=project.stopped"),
    get("/api/audit", "by key", (n) => `/api/audit?key=${1 + (n % 5)}`),
    get("/api/keys", "", () => "/api/keys"),
    get("/api/session", "", () => "/api/session"),
    get("/api/agents", "", () => "/api/agents"),
    get("/api/agents/{name}/checks", "", () => `/api/agents/${AGENT}/checks`),
    get("/api/federation/hubs", "", () => "/api/federation/hubs"),
    get("/api/federation/services", "first page", () => "/api/federation/services"),
    get("/api/federation/services", "of other hubs", (n) => `/api/federation/services?${beyond(n)}`),
    get("/api/federation/services", "by name", (n) => `/api/federation/services?name=s${n % REMOTE_SERVICES}`),
    get("/api/federation/services", "by tag", (n) => `/api/federation/services?tag=tag-${n % 50}`),
    get("/api/federation/services", "down", () => "/api/federation/services?status=down"),
    get("/api/federation/services", "healthy, near", () => "/api/federation/services?healthy=true&near=us"),
    get("/api/federation/services", "of one hub", (n) => `/api/federation/services?hub=remote-${1 + (n % 20)}`),
    get("/openapi.json", "", () => "/openapi.json"),
    ...writes(known.heartbeatId),
  ];
}

/** 100 ids with that distance. */
function latest(n: number, step: number): string {
  const ids = Array.from({ length: 100 }, (_, index) => 1 + ((n * 100 + index * step) % SERVICES));
  return `/api/latest-checks?ids=${ids.join()}`;
}

/** A page behind all services of the hub itself. */
function beyond(n: number): string {
  const total = SERVICES + 20 * REMOTE_SERVICES;
  return `cursor=remote-${1 + (n % 20)}~${n % REMOTE_SERVICES}~${total}`;
}

function writes(heartbeatId: number): Question[] {
  const made = new Map<number, number>();
  const idOf = (n: number) => made.get(n) ?? 0;
  const body = (n: number) => ({
    project: EXTRA,
    name: `new-${n}`,
    health_method: "http",
    health_url: "http://127.0.0.1:1/",
    health_interval: 3_600,
    tags: ["new"],
  });
  return [
    {
      route: "POST /api/services",
      async ask(hub, n) {
        const answer = await hub.fetch("/api/services", json("POST", body(n)));
        const { id }: { id: number } = await accepted(answer.clone());
        made.set(n, id);
        return answer;
      },
    },
    {
      route: "PATCH /api/services/{id}",
      ask: (hub, n) => hub.fetch(`/api/services/${idOf(n)}`, json("PATCH", { tags: ["new", "changed"] })),
    },
    {
      route: "DELETE /api/services/{id}",
      ask: (hub, n) => hub.fetch(`/api/services/${idOf(n)}`, { method: "DELETE" }),
    },
    {
      route: "POST /api/services/{id}/heartbeat",
      ask: (hub) => hub.fetch(`/api/services/${heartbeatId}/heartbeat`, { method: "POST" }),
    },
  ];
}
