/** The dependencies of the API. The composition root makes a new context for each request. */

import type { AgentFinding, TakenReport } from "../core/agent/agent-protocol.ts";
import type { Reporter } from "../core/board/board.ts";
import type { BoardEntry } from "../core/board/board-entry.ts";
import type { ProjectLite } from "../core/board/live-protocol.ts";
import type { RegistryChange } from "../core/board/registry-change.ts";
import type { Summary } from "../core/board/summary.ts";
import type { Downtime } from "../core/downtime/downtime.ts";
import type {
  FederationEvents,
  HubDocument,
  Joined,
  Registration,
  RegistrationAnswer,
} from "../core/federation/federation.ts";
import type { AuditTrail } from "../core/hub/audit.ts";
import type { PipelineHealth } from "../core/hub/hub-health.ts";
import type { Reach } from "../core/hub/reach.ts";
import type { Settings } from "../core/hub/settings.ts";
import type { Check } from "../core/service/check.ts";
import type { Heartbeat, LiveState } from "../core/service/records.ts";
import type { MayReceive } from "../core/service/secrets.ts";
import type { Outcome } from "../core/status/outcome.ts";
import type { ArrivedRequest, BridgeStatus, Refusable } from "../platform/bindings.ts";
import type { Db } from "../store/database.ts";
import type { Scope } from "../store/tables/hub-tables.ts";

/** The hub that is asked, and by whom. */
interface Asked {
  settings: Settings;
  db: Db;
  /** Unix ms. */
  now(): number;
  wait(ms: number): Promise<void>;
  /** The caller's IP address, for rate limits. */
  requestIp: string;
  /** Counts a request for `key`. Returns true when there were too many. */
  limited(key: string): Promise<boolean>;
  /**
   * Where the secrets of probes may be sent by checks that such a caller writes. PROBE_SECRETS_ANYWHERE is for a machine
   * that only its owner uses, so it does not count for keys that are limited to projects.
   */
  mayReceive(reach: Reach): MayReceive;
}

/** The states that the live board knows. */
interface KnownStates {
  /** Returns the latest states by service id. Services that the live board does not know are missing. */
  live(ids: number[]): Promise<Map<number, LiveState>>;
  /** Times in which nobody watched. */
  gaps(): Promise<readonly Downtime[]>;
  /** Returns a watched service as the live board knows it, for when the database is away; null: it knows none. */
  remembered(id: number): Promise<Check | null>;
  /** Returns all that is known of the watched services without the database. Never rejects. */
  knownEntries(): Promise<BoardEntry[]>;
  /** Of these projects. */
  summary(reach: Reach): Promise<Summary>;
  /** The metrics of every watched service, in the text format of Prometheus. */
  serviceMetrics(): Promise<string>;
}

/** Calls for after a change has been stored. */
interface Changes {
  registryChanged(change: RegistryChange): Promise<void>;
  /** It has started or stopped a project. */
  projectChanged(project: ProjectLite): Promise<void>;
  /** It has revoked keys: their sockets are closed. `agent`: whose keys they were; null: nobody's. */
  keysRevoked(ids: number[], agent: string | null): Promise<void>;
  /** The changes of this request. They are written down when it ends. */
  audit: AuditTrail;
}

/** Reports of services and agents, and checks on demand. */
interface Reports {
  /** Probes a service immediately, independent of its schedule. */
  checkNow(check: Check): Promise<Outcome>;
  heartbeat(check: Check, beat: Heartbeat): Promise<Outcome>;
  /** Takes in what an agent observed; see pipeline/take-report.ts. */
  takeReport(agent: string, findings: AgentFinding[]): Promise<TakenReport>;
  /** A part of the hub is away and could not take in a report, so silence until now counts for nothing. */
  reportRefused(reporter: Reporter): Promise<void>;
}

/** WebSockets. */
interface Sockets {
  /** Passes an authenticated WebSocket upgrade to the live board. The request must not contain credentials. */
  websocket(request: Request): Promise<Response>;
  /** Passes an authenticated WebSocket upgrade to the object that asks the agent to look. */
  agentSocket(agent: string, request: Request): Promise<Response>;
  /** A ticket works once and expires after 30 s. `redeem` returns null for a ticket that is not valid. */
  ticket: {
    issue(principal: Pick<Principal, "scope" | "key" | "projects">): Promise<string>;
    redeem(ticket: string): Promise<Principal | null>;
  };
}

/** How the hub itself is. */
interface OwnHealth {
  pipelineHealth(): Promise<PipelineHealth>;
  /** Returns null when NATS is not set up. Never rejects. */
  nats(): Promise<BridgeStatus | null>;
}

export interface HubContext extends Asked, KnownStates, Changes, Reports, Sockets, OwnHealth {
  federation: FederationContext;
}

/** The federation as the API uses it; see FederationRpc and PeerLinkRpc. */
export interface FederationContext {
  document(): Promise<HubDocument | null>;
  join(url: string): Promise<Refusable<Joined>>;
  register(registration: Registration, request: ArrivedRequest): Promise<Refusable<RegistrationAnswer>>;
  /** Returns null when there is no such hub. */
  approve(hubId: string, kid: string | null): Promise<Refusable<null> | null>;
  markSecret(): Promise<string>;
  signAnswer(
    answer: { status: number; body: string | null },
    request: ArrivedRequest,
    knownKid: string | null,
  ): Promise<Record<string, string>>;
  remove(hubId: string): Promise<boolean>;
  left(hubId: string): Promise<void>;
  rotateKey(): Promise<void>;
  websocket(request: Request): Promise<Response>;
  /** The link to one other hub. */
  noteNonce(hubId: string, nonce: string): Promise<"new" | "used" | "full">;
  take(hubId: string, events: FederationEvents, kid: string): Promise<void>;
  wake(hubId: string): Promise<void>;
}

/** The authenticated caller. */
export interface Principal {
  scope: Scope;
  /** The agent that an `agent` key belongs to; null for other scopes. */
  agent: string | null;
  /** The projects that the key is limited to. */
  projects: Reach;
  /** Id of the API key; null: the admin token, or nobody where reading is public. */
  key: number | null;
}

export interface HubEnv {
  /** `peer`: the other hub that signed the request. */
  Variables: { hub: HubContext; principal: Principal; peer?: string };
}
