/** All that the API needs from the hub around it; the composition root makes one for each request. */
import type { PipelineHealth } from "../core/hub-health.ts";
import type { Heartbeat, LiveState, Outcome } from "../core/records.ts";
import type { RegistryChange } from "../core/registry-change.ts";
import type { ServiceRow } from "../core/service-row.ts";
import type { Settings } from "../core/settings.ts";
import type { Summary } from "../core/summary.ts";
import type { BridgeStatus } from "../platform/bindings.ts";
import type { Db } from "../store/database.ts";
import type { Scope } from "../store/tables.ts";

export interface HubContext {
  settings: Settings;
  db: Db;
  /** Unix ms. */
  now(): number;
  /** The caller's address, for rate limits. */
  requestIp: string;
  /** The latest states of the services that the live board knows. */
  live(ids: number[]): Promise<Map<number, LiveState>>;
  /** Called after each change of the registry, once it is stored. */
  registryChanged(change: RegistryChange): Promise<void>;
  /** Probes now, whatever the schedule says. */
  checkNow(row: ServiceRow): Promise<Outcome>;
  heartbeat(row: ServiceRow, beat: Heartbeat): Promise<Outcome>;
  /** Hands an authenticated upgrade to the live board; the request carries no credentials any more. */
  websocket(request: Request): Promise<Response>;
  /** One-time, 30 s. */
  ticket: { issue(scope: Scope): Promise<string>; redeem(ticket: string): Promise<Scope | null> };
  pipelineHealth(): Promise<PipelineHealth>;
  /** Null when no NATS is set up. Never rejects. */
  nats(): Promise<BridgeStatus | null>;
  summary(): Promise<Summary>;
  /** Counts a request against `key`; true: there were too many. */
  limited(key: string): Promise<boolean>;
}

/** Who calls. */
export interface Principal {
  scope: Scope;
  /** The agent that an `agent` key belongs to; null for other scopes. */
  agent: string | null;
}

export interface HubEnv {
  Variables: { hub: HubContext; principal: Principal };
}
