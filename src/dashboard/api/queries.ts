/** What the dashboard asks the hub for, and how long an answer stays good. */
import { QueryClient, queryOptions } from "@tanstack/react-query";
import type { InferResponseType } from "hono/client";
import { ApiProblem, answerOf, api, problemOf } from "./client.ts";

export type Session = InferResponseType<typeof api.session.$get, 200>;
export type Service = InferResponseType<(typeof api.services)[":id"]["$get"], 200>;
export type ServiceHealth = InferResponseType<(typeof api.services)[":id"]["health"]["$get"], 200>;
export type History = InferResponseType<(typeof api.services)[":id"]["history"]["$get"], 200>;
export type Project = InferResponseType<(typeof api.projects)[":id"]["$get"], 200>;
export type Graph = InferResponseType<typeof api.dependencies.$get, 200>;
export type ListedFlip = InferResponseType<typeof api.flips.$get, 200>["flips"][number];
export type Flip = History["flips"][number];
export type Key = InferResponseType<typeof api.keys.$get, 200>["keys"][number];
export type HubHealth = InferResponseType<typeof api.health.$get, 200>;

const MINUTE_MS = 60_000;
const RETRIES = 2;
const RECENT_FLIPS = 60;

export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        gcTime: 5 * MINUTE_MS,
        retry: (count, error) => count < RETRIES && isPassing(error),
      },
    },
  });
}

/** Worth another try: the hub was away, or busy. */
function isPassing(error: Error): boolean {
  return !(error instanceof ApiProblem) || error.status === 0 || error.status === 429 || error.status >= 500;
}

const param = (id: number) => ({ param: { id: String(id) } });

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: () => answerOf(api.session.$get()),
  staleTime: 5 * MINUTE_MS,
});

export const projectsQuery = queryOptions({
  queryKey: ["projects"],
  queryFn: async () => {
    const all: Project[] = [];
    for (let cursor: string | null = null; ; ) {
      const page: { projects: Project[]; next_cursor: string | null } = await answerOf(
        api.projects.$get({ query: { limit: "1000", ...(cursor !== null && { cursor }) } }),
      );
      all.push(...page.projects);
      cursor = page.next_cursor;
      if (cursor === null) return all;
    }
  },
  refetchInterval: MINUTE_MS,
});

export const projectQuery = (id: number) =>
  queryOptions({ queryKey: ["projects", id], queryFn: () => answerOf(api.projects[":id"].$get(param(id))) });

/** Every service of a project, also of one that is stopped. */
export const projectServicesQuery = (id: number) =>
  queryOptions({
    queryKey: ["projects", id, "services"],
    queryFn: async () => {
      const { services } = await answerOf(api.projects[":id"].health.$get(param(id)));
      const found: Service[] = [];
      for (let start = 0; start < services.length; start += 8) {
        const part = services.slice(start, start + 8);
        found.push(...(await Promise.all(part.map((each) => answerOf(api.services[":id"].$get(param(each.id)))))));
      }
      return found;
    },
  });

export const recentFlipsQuery = queryOptions({
  queryKey: ["flips"],
  queryFn: async () => (await answerOf(api.flips.$get({ query: { limit: String(RECENT_FLIPS) } }))).flips,
  staleTime: MINUTE_MS,
});

export const serviceQuery = (id: number) =>
  queryOptions({ queryKey: ["services", id], queryFn: () => answerOf(api.services[":id"].$get(param(id))) });

export const serviceHealthQuery = (id: number) =>
  queryOptions({
    queryKey: ["services", id, "health"],
    queryFn: () => answerOf(api.services[":id"].health.$get(param(id))),
    refetchInterval: MINUTE_MS,
  });

/** `span`: ms back from now. */
export const historyQuery = (id: number, span: number, points: number) =>
  queryOptions({
    queryKey: ["services", id, "history", span, points],
    queryFn: async () => {
      const to = Date.now();
      const query = { from: String(to - span), to: String(to), points: String(points) };
      const history = await answerOf(api.services[":id"].history.$get({ ...param(id), query }));
      return { ...history, from: to - span, to };
    },
    staleTime: MINUTE_MS,
    refetchInterval: MINUTE_MS,
  });

/** `project`: name; undefined: the whole hub. */
export const graphQuery = (project: string | undefined) =>
  queryOptions({
    queryKey: ["graph", project ?? ""],
    queryFn: () => answerOf(api.dependencies.$get({ query: project === undefined ? {} : { project } })),
    refetchInterval: MINUTE_MS,
  });

export const keysQuery = queryOptions({
  queryKey: ["keys"],
  queryFn: async () => (await answerOf(api.keys.$get())).keys,
});

/** A hub that fails answers 503 with the same body. */
export const hubHealthQuery = queryOptions({
  queryKey: ["hub-health"],
  queryFn: async () => {
    const response = await api.health.$get();
    if (response.status === 200 || response.status === 503) return await response.json();
    throw await problemOf(response);
  },
  refetchInterval: 15_000,
});
