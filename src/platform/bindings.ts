/**
 * The bindings of wrangler.toml, and the methods of the Durable Objects. The objects call each other through these
 * interfaces, not through their classes. Settings are read only through core/settings.ts.
 */

import type { Peer, RemoteFlip } from "../core/board/live-protocol.ts";
import type {
  FederationEvents,
  HubDocument,
  Introduction,
  Joined,
  JoinReason,
  PushedFlip,
  Registration,
  RegistrationAnswer,
} from "../core/federation/federation.ts";
import type { BINDING_KINDS } from "../core/hub/binding-kinds.ts";
import type { LaneAnswer, Unwatched } from "../core/lane/lane-answer.ts";
import type { Leaver, Released } from "../core/lane/lane-record.ts";
import type { Check, DueCheck, Finding } from "../core/service/check.ts";
import type { Health, Observation, Round } from "../core/service/records.ts";
import type { MonitorState } from "../core/status/monitor-state.ts";
import type { Judgement } from "../core/status/outcome.ts";
import type { Result } from "../core/values/result.ts";
import type { LiveBoardRpc } from "./board-rpc.ts";

/** One object for each lane. Its name is the number of the lane. */
export interface LaneMonitorRpc extends Rpc.DurableObjectBranded {
  observe(round: Round, findings: Finding[], vantages: string[]): LaneAnswer<Judgement>;
  expire(overdue: { check: Check; last_at: number }[], now: number): LaneAnswer<Unwatched>;
  close(closing: { check: Check; reason: string; deleted: boolean }[], now: number): Promise<LaneAnswer<Unwatched>>;
  release(leavers: Leaver[], now: number): Promise<Released[]>;
  adopt(newcomers: { check: Check; state: MonitorState | null }[]): void;
  forget(leavers: Leaver[], now: number): Promise<void>;
  settle(serviceIds: number[]): void;
}

/** One object for each vantage but home. Its name is the vantage's. */
export interface ProberRpc extends Rpc.DurableObjectBranded {
  probe(checks: DueCheck[], vantage: string): Promise<(Observation | null)[]>;
  closeKey(key: number): void;
  fetch(request: Request): Promise<Response>;
}

/** The state of the bridge to NATS. */
export interface BridgeStatus {
  connected: boolean;
  /** The trouble, for a person who can repair it; null: there is none. */
  reason: string | null;
  /** Number of events that NATS has not acknowledged. */
  outbox_depth: number;
  /** It has given up older events for newer ones, or does so with the next one. */
  outbox_full: boolean;
  /** It has no room for further events, which wait in the hub's log. */
  log_waits: boolean;
  /** Time at which the oldest of these events was added, Unix ms; null: the outbox is empty. */
  oldest_event_at: number | null;
  /** Messages sent since the object started: durable events and latest values. */
  published: number;
  /** Durable events that JetStream acknowledged since the object started. */
  acknowledged: number;
  /** Connections and publishes that failed since the object started. */
  failures: number;
  /** Events that were ever lost because the outbox was full. */
  dropped: number;
  /** Time of the last loss, Unix ms; null: never. */
  dropped_at: number | null;
  /** The subjects that NATS refuses while it accepts others, those refused for longest first. Further ones are left out. */
  refused: RefusedSubject[];
  /** Number of all these subjects. */
  refused_subjects: number;
  /** Number of all events that wait because of them. */
  refused_events: number;
}

export interface RefusedSubject {
  subject: string;
  /** The trouble, for a person who can repair it. */
  reason: string;
  /** Number of events that wait; 0: it has latest values only, which are not kept. */
  events: number;
  /** When the first of them was added, Unix ms. */
  since: number;
}

/** One object for the hub. */
export interface NatsBridgeRpc extends Rpc.DurableObjectBranded {
  /** There are new events in the hub's log. May be lost: the bridge looks each minute by itself. */
  wake(): void;
  /** The id of the last event of the log that the bridge keeps itself now; 0: none. */
  readUpTo(): number;
  tick(): Promise<void>;
  healthChanged(): Promise<void>;
  /** Publishes how this hub sees another one. */
  peerChanged(peer: Peer): Promise<void>;
  status(): BridgeStatus;
}

/** A change that the watchers of the federation hear of. */
export type FederationNews =
  | { type: "hub"; hub: Peer }
  | { type: "hub_removed"; hub_id: string }
  | ({ type: "remote_flip" } & RemoteFlip)
  | { type: "summary"; hub_id: string; overall_status: Health | null };

/** A request of another hub, as it arrived. */
export interface ArrivedRequest {
  method: string;
  /** As the other hub must have called it. */
  url: string;
  headers: [string, string][];
  body: string | null;
}

/** Refusals cross the border between objects as values, because errors lose their fields there. */
export interface Refusal {
  status: 400 | 401 | 403 | 409 | 429;
  words: string;
}
export type Refusable<T> = Result<T, Refusal>;

/** One object for the hub: its identity, the hubs that it knows, and the sockets that watch them. */
export interface FederationRpc extends Rpc.DurableObjectBranded {
  /** Returns null when the hub has no public address, and so takes part in no federation. */
  document(): Promise<HubDocument | null>;
  /** Returns the headers to send. `knownKid`: the key of this hub that the other one knows; null: none. */
  sign(
    request: { method: string; url: string; body: string | null },
    knownKid: string | null,
  ): Promise<Record<string, string>>;
  /** The same for the answer to a request. */
  signAnswer(
    answer: { status: number; body: string | null },
    request: ArrivedRequest,
    knownKid: string | null,
  ): Promise<Record<string, string>>;
  /** See federation/marks.ts. */
  markSecret(): Promise<string>;
  rotateKey(): Promise<void>;
  join(url: string, reason: JoinReason): Promise<Refusable<Joined>>;
  register(registration: Registration, request: ArrivedRequest, caller: string): Promise<Refusable<RegistrationAnswer>>;
  /** `kid`: the key that the admin has seen; null: the admin has seen none. */
  approve(hubId: string, kid: string | null): Promise<Refusable<null> | null>;
  remove(hubId: string): Promise<boolean>;
  /** Another hub says that it has removed this one. */
  left(hubId: string): Promise<void>;
  introduce(hubs: Introduction[]): void;
  flipped(flips: PushedFlip[]): Promise<void>;
  changed(): Promise<void>;
  announce(news: FederationNews[]): void;
  /** Another hub published its summary on NATS. */
  heard(summary: { hub_id: string; overall_status: Health; service_count: number }): Promise<void>;
  /** Called each minute. */
  tick(): Promise<void>;
  closeKey(key: number): void;
  fetch(request: Request): Promise<Response>;
}

/** One object for each other hub. Its name is the hub's id. */
export interface PeerLinkRpc extends Rpc.DurableObjectBranded {
  /** Pulls now, unless a pull is under way. */
  wake(hubId: string): Promise<void>;
  push(hubId: string, news: { flips: PushedFlip[]; changed: boolean }): Promise<void>;
  /** Notes the nonce of a signed request of the hub. */
  noteNonce(nonce: string): "new" | "used" | "full";
  /** Takes in what the hub pushed. `kid`: the key that signed it. */
  take(hubId: string, events: FederationEvents, kid: string): Promise<void>;
  forget(): Promise<void>;
}

interface Types<Name extends keyof typeof BINDING_KINDS> {
  "D1 database": D1Database;
  queue: Queue<string>;
  "Durable Object": DurableObjectNamespace<Objects[Name & keyof Objects]>;
  "rate limit": RateLimit;
}

/** The objects by the names of their bindings. */
interface Objects {
  LANE_MONITOR: LaneMonitorRpc;
  LIVE_BOARD: LiveBoardRpc;
  PROBER: ProberRpc;
  NATS_BRIDGE: NatsBridgeRpc;
  FEDERATION: FederationRpc;
  PEER_LINK: PeerLinkRpc;
}

export type Bindings = { [Name in keyof typeof BINDING_KINDS]: Types<Name>[(typeof BINDING_KINDS)[Name]] };
