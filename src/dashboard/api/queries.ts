/** The queries of the dashboard, with the time after which each result is out of date. */

import { MutationCache, QueryCache, QueryClient, queryOptions } from "@tanstack/react-query";
import type { InferResponseType } from "hono/client";
import { everyPage } from "../../client/every-page.ts";
import { api, HubProblem, problemOf, responseBody } from "./client.ts";
import { joinedPoints } from "./joined-points.ts";
import { pointsOf, type TimeWindow, timesOf } from "./time-window.ts";

export type Session = InferResponseType<typeof api.session.$get, 200>;
export type Service = InferResponseType<(typeof api.services)[":id"]["$get"], 200>;
export type ServiceHealth = InferResponseType<(typeof api.services)[":id"]["health"]["$get"], 200>;
export type History = InferResponseType<(typeof api.services)[":id"]["history"]["$get"], 200>;
export type Project = InferResponseType<(typeof api.projects)[":id"]["$get"], 200>;
export type Graph = InferResponseType<typeof api.dependencies.$get, 200>;
export type Outages = InferResponseType<typeof api.outages.$get, 200>;
export type ListedFlip = InferResponseType<typeof api.flips.$get, 200>["flips"][number];
export type Flip = History["flips"][number];
export type Agent = InferResponseType<typeof api.agents.$get, 200>["agents"][number];
export type Key = InferResponseType<typeof api.keys.$get, 200>["keys"][number];
export type AuditEntry = InferResponseType<typeof api.audit.$get, 200>["entries"][number];
export type HubHealth = InferResponseType<typeof api.health.$get, 200>;

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** While the hub does not answer, it is asked so often. */
const AWAY_MS = 3_000;
const RETRIES = 2;
const RECENT_FLIPS = 60;

/** Whatever is refused for want of a session makes the page read the session again. */
export function newQueryClient(): QueryClient {
  const onError = (error: Error) => {
    const isRefused = error instanceof HubProblem && error.status === 401;
    if (isRefused) void client.invalidateQueries({ queryKey: sessionQuery.queryKey });
  };
  const client = new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        gcTime: 5 * MINUTE_MS,
        retry: (count, error) => count < RETRIES && isTemporary(error),
      },
    },
  });
  return client;
}

/** True when the hub did not respond or was busy, so that another try may succeed. */
function isTemporary(error: Error): boolean {
  return !(error instanceof HubProblem) || error.status === 0 || error.status === 429 || error.status >= 500;
}

const param = (id: number) => ({ param: { id: String(id) } });

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: () => responseBody(api.session.$get()),
  refetchInterval: ({ state }) => (state.status === "error" ? AWAY_MS : false),
  staleTime: 5 * MINUTE_MS,
});

/** The newest entries of the audit log. */
export const auditQuery = queryOptions({
  queryKey: ["audit"],
  queryFn: async () => (await responseBody(api.audit.$get({ query: { limit: "50" } }))).entries,
});

export const projectsQuery = queryOptions({
  queryKey: ["projects"],
  queryFn: () =>
    everyPage(async (cursor) => {
      const page = await responseBody(api.projects.$get({ query: { limit: "1000", ...cursor } }));
      return { entries: page.projects, next: page.next_cursor };
    }),
  refetchInterval: MINUTE_MS,
});

export const projectQuery = (id: number) =>
  queryOptions({ queryKey: ["projects", id], queryFn: () => responseBody(api.projects[":id"].$get(param(id))) });

/** Returns all services of a project, even when the project is stopped. */
export const projectServicesQuery = (id: number) =>
  queryOptions({
    queryKey: ["projects", id, "services"],
    queryFn: () =>
      everyPage(async (cursor) => {
        const query = { project: String(id), include_stopped: "true" as const, limit: "1000", ...cursor };
        const page = await responseBody(api.services.$get({ query }));
        return { entries: page.services, next: page.next_cursor };
      }),
  });

export const recentFlipsQuery = queryOptions({
  queryKey: ["flips"],
  queryFn: async () => (await responseBody(api.flips.$get({ query: { limit: String(RECENT_FLIPS) } }))).flips,
  staleTime: MINUTE_MS,
});

export const serviceQuery = (id: number) =>
  queryOptions({ queryKey: ["services", id], queryFn: () => responseBody(api.services[":id"].$get(param(id))) });

export const serviceHealthQuery = (id: number) =>
  queryOptions({
    queryKey: ["services", id, "health"],
    queryFn: () => responseBody(api.services[":id"].health.$get(param(id))),
    refetchInterval: MINUTE_MS,
  });

/** A range that has ended does not change any more. */
export const historyQuery = (id: number, window: TimeWindow) =>
  queryOptions({
    queryKey: ["services", id, "history", window],
    queryFn: async () => {
      const { from, to } = timesOf(window, Date.now());
      const query = { from: String(from), to: String(to), points: String(pointsOf(window)) };
      const history = await responseBody(api.services[":id"].history.$get({ ...param(id), query }));
      return { ...history, from: Date.parse(history.from), to: Date.parse(history.to) };
    },
    staleTime: MINUTE_MS,
    refetchInterval: window.kind === "last" ? MINUTE_MS : false,
  });

/** The hub has at most so many points in one answer: as many days by the hour. */
const DAYS_AT_ONCE = 30;

/** The history by the hour since `from`, a local midnight (Unix ms). */
export const daysQuery = (id: number, from: number) =>
  queryOptions({
    queryKey: ["services", id, "days", from],
    queryFn: async () => {
      const to = Date.now();
      const part = DAYS_AT_ONCE * DAY_MS;
      const starts = Array.from({ length: Math.ceil((to - from) / part) }, (_, index) => from + index * part);
      const parts = await Promise.all(
        starts.map((start) => {
          const query = {
            from: String(start),
            to: String(Math.min(to, start + part)),
            points: String(DAYS_AT_ONCE * 25),
          };
          return responseBody(api.services[":id"].history.$get({ ...param(id), query }));
        }),
      );
      return { points: joinedPoints(parts.map(({ points }, index) => ({ start: starts[index] ?? from, points }))), to };
    },
    staleTime: 5 * MINUTE_MS,
    refetchInterval: 5 * MINUTE_MS,
  });

/** `span`: the length of the period that ends now, in ms. */
export const measurementsQuery = (id: number, span: number, points: number) =>
  queryOptions({
    queryKey: ["services", id, "measurements", span, points],
    queryFn: () => {
      const to = Date.now();
      const query = { from: String(to - span), to: String(to), points: String(points) };
      return responseBody(api.services[":id"].measurements.$get({ ...param(id), query }));
    },
    staleTime: MINUTE_MS,
    refetchInterval: MINUTE_MS,
  });

/** `project`: name of a project; undefined for the whole hub. */
export const graphQuery = (project: string | undefined) =>
  queryOptions({
    queryKey: ["graph", project ?? ""],
    queryFn: () => responseBody(api.dependencies.$get({ query: project === undefined ? {} : { project } })),
    refetchInterval: MINUTE_MS,
  });

/** The present outages, by their cause. */
export const outagesQuery = queryOptions({
  queryKey: ["outages"],
  queryFn: () => responseBody(api.outages.$get()),
  refetchInterval: MINUTE_MS,
});

export const agentsQuery = queryOptions({
  queryKey: ["agents"],
  queryFn: async () => (await responseBody(api.agents.$get())).agents,
  refetchInterval: MINUTE_MS / 2,
});

export const keysQuery = queryOptions({
  queryKey: ["keys"],
  queryFn: async () => (await responseBody(api.keys.$get())).keys,
});

/** A hub that does not work returns a 503 with the same body. */
export const hubHealthQuery = queryOptions({
  queryKey: ["hub-health"],
  queryFn: async () => {
    const response = await api.health.$get();
    if (response.status === 200 || response.status === 503) return await response.json();
    throw await problemOf(response);
  },
  refetchInterval: 15_000,
});
