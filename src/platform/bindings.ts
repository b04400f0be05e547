/**
 * What wrangler.toml binds to the Worker, and the methods by which its objects are called. Settings beside them are
 * read through core/settings.ts only. The objects know each other by these interfaces, not by their classes.
 */
import type { BoardEntry, BoardUpdate } from "../core/board.ts";
import type { Check, DueCheck, Finding } from "../core/check.ts";
import type { LaneAnswer, Silence } from "../core/lane-answer.ts";
import type { Leaver, Released } from "../core/lane-record.ts";
import type { MonitorState } from "../core/monitor-state.ts";
import type { Judgement, LiveState, Observation, RecordedFlip, Round } from "../core/records.ts";
import type { Summary } from "../core/summary.ts";

/** One for each lane; named by its number. */
export interface LaneMonitorRpc extends Rpc.DurableObjectBranded {
  observe(round: Round, findings: Finding[], vantages: string[]): LaneAnswer<Judgement>;
  expire(overdue: { check: Check; last_at: number }[], now: number): LaneAnswer<Silence>;
  close(closing: { check: Check; reason: string; deleted: boolean }[], now: number): Promise<LaneAnswer<Silence>>;
  release(leavers: Leaver[], now: number): Promise<Released[]>;
  adopt(newcomers: { check: Check; state: MonitorState | null }[]): void;
  forget(leavers: Leaver[], now: number): Promise<void>;
  settle(serviceIds: number[]): void;
}

/** A message that failed its last retry. */
export interface DeadLetter {
  id: string;
  queue: string;
  /** Unix ms. */
  at: number;
}

/** What the board knows of the pipeline. Times in Unix ms; null: not since the board was loaded. */
export interface BoardPulse {
  planned_at: number | null;
  probed_at: number | null;
  recorded_at: number | null;
  dead_letters: number;
  watchers: number;
  /** Seconds; null: nothing is probed. */
  shortest_interval: number | null;
}

/** One for the hub. */
export interface LiveBoardRpc extends Rpc.DurableObjectBranded {
  apply(update: BoardUpdate): Promise<number[]>;
  add(checks: Check[], created: number[]): Promise<void>;
  remove(ids: number[]): Promise<void>;
  obsolete(planned: { id: number; rev: number }[]): number[];
  read(ids: number[]): Promise<{ id: number; live: LiveState }[]>;
  entries(): Promise<BoardEntry[]>;
  all(): Promise<{ entries: BoardEntry[]; summary: Summary } | null>;
  summary(): Promise<Summary>;
  toPlan(): Check[] | null;
  planned(at: number): void;
  recorded(at: number): void;
  deadLettered(letters: DeadLetter[]): void;
  revived(ids: string[]): void;
  pulse(): BoardPulse;
  issueTicket(scope: string): string;
  redeemTicket(ticket: string): string | null;
  fetch(request: Request): Promise<Response>;
}

/** One for each vantage; named by its location hint. */
export interface ProberRpc extends Rpc.DurableObjectBranded {
  probe(checks: DueCheck[], vantage: string): Promise<Observation[]>;
}

/** How the bridge to NATS is. */
export interface BridgeStatus {
  connected: boolean;
  /** What is wrong, for a person who can change it; null: nothing. */
  reason: string | null;
  /** Events that NATS has not acknowledged. */
  outbox_depth: number;
  outbox_full: boolean;
  /** When the oldest of them came in, Unix ms. */
  oldest_event_at: number | null;
  /** Messages sent since the object started, of both kinds. */
  published: number;
  /** Durable events that JetStream acknowledged since the object started. */
  acknowledged: number;
  /** Connections and publishes that failed since the object started. */
  failures: number;
  /** Events that were lost because the outbox was full, ever. */
  dropped: number;
  /** Unix ms. */
  dropped_at: number | null;
}

/** One for the hub. */
export interface NatsBridgeRpc extends Rpc.DurableObjectBranded {
  announceFlips(flips: RecordedFlip[]): void;
  announceServices(event: "registered" | "deregistered", checks: Check[]): void;
  tick(): Promise<void>;
  healthChanged(): Promise<void>;
  status(): BridgeStatus;
}

export interface Bindings {
  DB: D1Database;
  ASSETS: Fetcher;
  PROBES: Queue<string>;
  OUTCOMES: Queue<string>;
  LANE_MONITOR: DurableObjectNamespace<LaneMonitorRpc>;
  LIVE_BOARD: DurableObjectNamespace<LiveBoardRpc>;
  PROBER: DurableObjectNamespace<ProberRpc>;
  NATS_BRIDGE: DurableObjectNamespace<NatsBridgeRpc>;
  REQUEST_LIMIT: RateLimit;
}
