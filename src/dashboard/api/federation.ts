/** The other hubs. A hub whose API has no federation has heard of none. */
import { queryOptions } from "@tanstack/react-query";
import type { Health, Status } from "../../core/records.ts";
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

const HUBS = "/api/federation/hubs";
const REFRESH_MS = 5_000;

/** What a hub can do stands in its API's description; asking for what it can't is an error in the console. */
async function federates(): Promise<boolean> {
  const response = await fetch("/openapi.json").catch(() => null);
  if (response?.ok !== true) return false;
  const { paths }: { paths: Record<string, unknown> } = await response.json();
  return Object.hasOwn(paths, HUBS);
}

export const hubsQuery = queryOptions({
  queryKey: ["hubs"],
  queryFn: async (): Promise<Peer[]> => {
    if (!(await federates())) return [];
    const response = await fetch(HUBS).catch(() => null);
    if (response === null) throw new ApiProblem(0, "the hub does not answer");
    if (!response.ok) throw await problemOf(response);
    const { hubs }: { hubs: Peer[] } = await response.json();
    return hubs;
  },
  refetchInterval: (query) => ((query.state.data?.length ?? 0) > 0 ? REFRESH_MS : false),
});
