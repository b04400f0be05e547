/** Queries for the other hubs and the services of all hubs. Not every hub has a federation API. */
import { queryOptions } from "@tanstack/react-query";
import type { Health, Status } from "../../core/records.ts";
import { ApiProblem, problemOf } from "./client.ts";

/** A hub in the response of `GET /api/federation/hubs`. */
export interface Peer {
  hub_id: string;
  name: string | null;
  region: string | null;
  status: Status | "pending";
  overall_status: Health | null;
  last_seen: string | null;
  lag_seconds: number | null;
  service_count: number | null;
  latency_ms: number | null;
  source: string;
}

/** A service in the response of `GET /api/federation/services`. It has only the fields that the page shows. */
export interface FederatedService {
  hub_id: string;
  project: string;
  name: string;
  health_status: Status;
  freshness: "live" | "stale";
  last_heard_at: string | null;
}

const HUBS = "/api/federation/hubs";
const SERVICES = "/api/federation/services";
const MAX_SERVICES = 500;
const REFRESH_MS = 5_000;

/** Reads the API document, because the browser would log an error for a request to a route that does not exist. */
async function hasFederation(): Promise<boolean> {
  const { paths } = await read<{ paths: Record<string, unknown> }>("/openapi.json");
  return Object.hasOwn(paths, HUBS);
}

async function read<T>(path: string): Promise<T> {
  const response = await fetch(path).catch(() => null);
  if (response === null) throw new ApiProblem(0, "the hub does not answer");
  if (!response.ok) throw await problemOf(response);
  const body: T = await response.json();
  return body;
}

export const hubsQuery = queryOptions({
  queryKey: ["hubs"],
  queryFn: async () => ((await hasFederation()) ? (await read<{ hubs: Peer[] }>(HUBS)).hubs : []),
  refetchInterval: (query) => ((query.state.data?.length ?? 0) > 0 ? REFRESH_MS : false),
});

/** Returns the first MAX_SERVICES services; `total` is the number of all services. */
export const federatedServicesQuery = queryOptions({
  queryKey: ["federated-services"],
  queryFn: () => read<{ services: FederatedService[]; total?: number }>(`${SERVICES}?limit=${MAX_SERVICES}`),
  refetchInterval: REFRESH_MS,
});
