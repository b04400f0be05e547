/** The other hubs and everybody's services. A hub whose API has no federation has heard of none. */
import { queryOptions } from "@tanstack/react-query";
import type { Health, ServiceType, Status } from "../../core/records.ts";
import { ApiProblem, problemOf } from "./client.ts";

/** As `GET /api/federation/hubs` tells of each. */
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

/** As `GET /api/federation/services` tells of each, as far as it is shown. */
export interface FederatedService {
  id: number;
  hub_id: string;
  project: string;
  name: string;
  service_type: ServiceType;
  health_status: Status;
  freshness: "live" | "stale";
  last_heard_at: string | null;
}

const HUBS = "/api/federation/hubs";
const SERVICES = "/api/federation/services";
const SHOWN = 500;
const REFRESH_MS = 5_000;

/** What a hub can do stands in its API's description; asking for what it can't is an error in the console. */
async function federates(): Promise<boolean> {
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
  queryFn: async () => ((await federates()) ? (await read<{ hubs: Peer[] }>(HUBS)).hubs : []),
  refetchInterval: (query) => ((query.state.data?.length ?? 0) > 0 ? REFRESH_MS : false),
});

/** The first of them; `total` says how many there are. */
export const federatedServicesQuery = queryOptions({
  queryKey: ["federated-services"],
  queryFn: () => read<{ services: FederatedService[]; total?: number }>(`${SERVICES}?limit=${SHOWN}`),
  refetchInterval: REFRESH_MS,
});
