/** The methods of the live board, by subject. Its object implements all of it; others declare the part that they need. */

import type { BoardUpdate, Leaving, Reporter } from "../core/board/board.ts";
import type { Standing } from "../core/board/board-answers.ts";
import type { BoardEntry } from "../core/board/board-entry.ts";
import type { ProjectLite } from "../core/board/live-protocol.ts";
import type { Downtime } from "../core/downtime/downtime.ts";
import type { Reach } from "../core/hub/reach.ts";
import type { Check } from "../core/service/check.ts";
import type { LiveState } from "../core/service/records.ts";
import type { UnfitChecks } from "../core/service/unfit-checks.ts";
import type { RecordedFlip } from "../core/status/recorded-flip.ts";
import type { Unread } from "../core/values/read-each.ts";

/** A queue message that failed its last retry. */
export interface DeadLetter {
  id: string;
  queue: string;
  /** Unix ms. */
  at: number;
  /** Why it failed again, in plain words; null or absent: not known. */
  reason?: string | null;
}

/**
 * When each step of the pipeline last ran, as the board knows it. Times in Unix ms; null: not since the board was
 * loaded.
 */
export interface BoardReport {
  planned_at: number | null;
  probed_at: number | null;
  recorded_at: number | null;
  dead_letters: number;
  /** The loss that they stand for, in words for a person; null: there are none. */
  lost: string | null;
  watchers: number;
  /** Shortest interval of all probed services in seconds; null: no service is probed. */
  shortest_interval: number | null;
  /** How many rounds are planned a day. */
  rounds_a_day: number;
  unfit: UnfitChecks;
}

/** The caller to whom a ticket for a WebSocket was issued. */
export interface Ticket {
  scope: string;
  /** Id of the key that it was issued for; null: the admin token, or nobody where reading is public. */
  key: number | null;
  /** The projects that the key is limited to. */
  projects: Reach;
}

/** For rounds of checks. */
export interface BoardOfRounds {
  /** Takes in newer states and tells the watchers. Returns the ids of services that it does not know. */
  apply(update: BoardUpdate): Promise<number[]>;
  /** A round has services that the board does not know. It adds those that the registry has. */
  learn(checks: Check[]): Promise<void>;
  standing(planned: { id: number; rev: number }[]): Promise<Standing>;
  /** Notes checks that could not be read, so that the hub's health names them. */
  unjudged(unread: Unread[]): void;
  /** Returns those that may be checked now because a service that needs them fails, and notes that they are. */
  claimCauses(ids: number[]): Promise<number[]>;
  /** Returns the scheduled checks as far as the board knows them; null when it could never read the registry. */
  toPlan(): Promise<Check[] | null>;
}

/** For changes of the registry. */
export interface BoardOfRegistry {
  /** Adds services that are watched from now on, or whose check changed. Tells of those in `created` that are new. */
  add(checks: Check[], created: number[]): Promise<void>;
  /** `flips`: what the watchers hear of the services before they are gone. */
  remove(leaving: Leaving[], flips: RecordedFlip[]): Promise<void>;
  /**
   * Handles changes of the registry, older than `age` (milliseconds), whose consequences did not all happen. Returns
   * whether there may be more.
   */
  follow(age: number): Promise<boolean>;
  /** A project was started or stopped. */
  projectChanged(project: ProjectLite): void;
}

/** The present states. */
export interface BoardOfStates {
  /** Leaves out services that the board does not know. */
  read(ids: number[]): Promise<{ id: number; live: LiveState }[]>;
  /** Returns null when the service is not watched. */
  check(id: number): Promise<Check | null>;
  entries(): Promise<BoardEntry[]>;
  /** Returns all that is published on NATS; null while the registry could not be read. `summary`: as JSON. */
  all(hubId: string): Promise<{ entries: BoardEntry[]; summary: string } | null>;
  /** Of these projects at this moment, as JSON, see parseSummary. Throws when the database does not answer. */
  summary(hubId: string, reach: Reach): Promise<string>;
  /** One text takes less time to send than ten thousand states. */
  serviceMetrics(): Promise<string>;
}

/** When the hub could watch and listen. */
export interface BoardOfDowntimes {
  /** The cron came at `at` (Unix ms). */
  ticked(at: number): Promise<void>;
  gaps(): Promise<readonly Downtime[]>;
  /** Reports of these services were refused until now. */
  reportRefused(reporter: Reporter): Promise<void>;
  /** Until when reports of these services were refused, Unix ms. Leaves out the others. */
  refusedUntil(ids: number[]): Promise<{ id: number; until: number }[]>;
}

/** How the hub itself is. */
export interface BoardOfHub {
  planned(at: number): void;
  recorded(at: number): void;
  deadLettered(letters: DeadLetter[]): void;
  /** Forgets dead letters that were delivered in the end. */
  revived(ids: string[]): void;
  report(): Promise<BoardReport>;
}

/** The sockets that watch, and other hubs that want to hear of flips at once. */
export interface BoardOfWatchers {
  /** Sets how many other hubs want to hear of flips at once. */
  setPeers(count: number): Promise<void>;
  issueTicket(ticket: Ticket): string;
  /** Returns null when the ticket is unknown, used or too old. */
  redeemTicket(ticket: string): Ticket | null;
  /** The key is no longer valid. */
  closeKey(key: number): void;
  fetch(request: Request): Promise<Response>;
}

/** One object for the hub. */
export interface LiveBoardRpc
  extends Rpc.DurableObjectBranded,
    BoardOfRounds,
    BoardOfRegistry,
    BoardOfStates,
    BoardOfDowntimes,
    BoardOfHub,
    BoardOfWatchers {}
