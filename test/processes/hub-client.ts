/** What the system tests ask of a hub. */
import type { HubProcess } from "./hub-process.ts";

export interface FlipSeen {
  seq: number;
  name: string;
  from: string;
  to: string;
  reason: string;
  at: string;
  began_at: string;
  evidence: { at: string; vantage: string; ok: boolean; error: string | null }[];
}

export interface ServiceSeen {
  id: number;
  name: string;
  health_status: string;
  consecutive_failures: number;
  last_health_check: string | null;
  health_details: Record<string, unknown>;
}

export async function call<T>(hub: HubProcess, method: string, path: string, body?: object): Promise<T> {
  const json =
    body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  const response = await hub.fetch(path, { method, ...json });
  const answer: T = response.status === 204 ? null : await response.json();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
  return answer;
}

export const service = (hub: HubProcess, id: number) => call<ServiceSeen>(hub, "GET", `/api/services/${id}`);

/** Oldest first, as recorded. */
export async function flipsOf(hub: HubProcess, service: number | string): Promise<FlipSeen[]> {
  const { flips } = await call<{ flips: FlipSeen[] }>(hub, "GET", `/api/flips?service=${service}&limit=1000`);
  return flips.reverse();
}

export function json(method: string, body: object): RequestInit {
  return { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}

/** The body; throws what the hub said when it refused. */
export async function accepted<T>(response: Response): Promise<T> {
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  const body: T = JSON.parse(await response.text());
  return body;
}
