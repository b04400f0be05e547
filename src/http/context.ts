/** The dependencies of the API. The composition root makes a new context for each request. */
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
  /** The caller's IP address, for rate limits. */
  requestIp: string;
  /** Returns the latest states by service id. Services that the live board does not know are missing. */
  live(ids: number[]): Promise<Map<number, LiveState>>;
  /** The API calls it after it has stored a change of the registry. */
  registryChanged(change: RegistryChange): Promise<void>;
  /** Probes a service immediately, independent of its schedule. */
  checkNow(row: ServiceRow): Promise<Outcome>;
  heartbeat(row: ServiceRow, beat: Heartbeat): Promise<Outcome>;
  /** Passes an authenticated WebSocket upgrade to the live board. The request must not contain credentials. */
  websocket(request: Request): Promise<Response>;
  /** A ticket works once and expires after 30 s. `redeem` returns null for a ticket that is not valid. */
  ticket: { issue(scope: Scope): Promise<string>; redeem(ticket: string): Promise<Scope | null> };
  pipelineHealth(): Promise<PipelineHealth>;
  /** Returns null when NATS is not set up. Never rejects. */
  /** The metrics of every watched service, in the text format of Prometheus. */
  serviceMetrics(): Promise<string>;
  nats(): Promise<BridgeStatus | null>;
  summary(): Promise<Summary>;
  /** Counts a request for `key`. Returns true when there were too many. */
  limited(key: string): Promise<boolean>;
}

/** The authenticated caller. */
export interface Principal {
  scope: Scope;
  /** The agent that an `agent` key belongs to; null for other scopes. */
  agent: string | null;
}

export interface HubEnv {
  Variables: { hub: HubContext; principal: Principal };
}
