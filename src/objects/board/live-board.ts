/**
 * Holds the latest state of every service of this hub, and the sockets that watch it. After an eviction it is read from
 * the database again; what no other place has is stored here: dead letters, tickets, downtimes, streaks of failures.
 */
import { DurableObject } from "cloudflare:workers";
import { Board, type BoardUpdate, type Leaving, type Reporter } from "../../core/board/board.ts";
import { checkOf, claimedCauses, type Standing, standingOf, statesOf } from "../../core/board/board-answers.ts";
import { type BoardEntry, unknownState } from "../../core/board/board-entry.ts";
import { type BoardFrame, entryFrame, projectFrame } from "../../core/board/board-frames.ts";
import type { ProjectLite } from "../../core/board/live-protocol.ts";
import type { Downtime } from "../../core/downtime/downtime.ts";
import type { Reach } from "../../core/hub/reach.ts";
import { serviceMetricsText } from "../../core/hub/service-metrics.ts";
import { parseSettings } from "../../core/hub/settings.ts";
import type { Check } from "../../core/service/check.ts";
import type { LiveState } from "../../core/service/records.ts";
import type { RecordedFlip } from "../../core/status/recorded-flip.ts";
import type { Clock } from "../../core/time/clock.ts";
import { CAUSE_AGAIN_MS, DATABASE_SOON_MS } from "../../core/time/durations.ts";
import { Recently } from "../../core/time/recently.ts";
import type { Unread } from "../../core/values/read-each.ts";
import type { Bindings } from "../../platform/bindings.ts";
import { rememberBoard } from "../../platform/board-memory.ts";
import type { BoardReport, DeadLetter, LiveBoardRpc, Ticket } from "../../platform/board-rpc.ts";
import { errorText, log } from "../../platform/log.ts";
import { openDatabase } from "../../store/database.ts";
import { checksOf } from "../../store/registry/checks.ts";
import { Downtimes } from "../downtime/downtimes.ts";
import { logPause, PauseDetector } from "../downtime/pause-detector.ts";
import { closeToo } from "../sockets/socket-sender.ts";
import { BoardLoader } from "./board-loader.ts";
import type { BoardSteps } from "./board-steps.ts";
import { Downstream } from "./downstream.ts";
import { LiveFeed } from "./live-feed.ts";
import { OwnReport } from "./own-report.ts";
import { RegistryFollower } from "./registry-follower.ts";
import { SilenceAlarm } from "./silence-alarm.ts";
import { StreakMemory } from "./streak-memory.ts";
import { SummaryMaker } from "./summary-maker.ts";
import { TicketBox } from "./tickets.ts";

export class LiveBoard extends DurableObject<Bindings> implements LiveBoardRpc {
  readonly #board = new Board();
  readonly #causes = new Recently(CAUSE_AGAIN_MS);
  readonly #feed: LiveFeed;
  readonly #tickets: TicketBox;
  readonly #downtimes: Downtimes;
  readonly #clock: Clock;
  readonly #streaks: StreakMemory;
  readonly #own: OwnReport;
  readonly #downstream: Downstream;
  readonly #alarm: SilenceAlarm;
  readonly #follower: RegistryFollower;
  readonly #loader: BoardLoader;
  readonly #summaries: SummaryMaker;
  readonly #startedAt: number | undefined;

  constructor(ctx: DurableObjectState, env: Bindings, clock: Clock, steps: BoardSteps) {
    super(ctx, env);
    this.#clock = clock;
    const settings = parseSettings(env);
    this.#startedAt = settings.HUB_STARTED_AT;
    this.#downstream = new Downstream(ctx, env, settings);
    this.#feed = new LiveFeed(ctx, this.#board, clock);
    this.#tickets = new TicketBox(ctx.storage);
    this.#alarm = new SilenceAlarm(ctx.storage, steps, this.#board, clock);
    this.#downtimes = new Downtimes(ctx.storage);
    this.#streaks = new StreakMemory(ctx.storage);
    this.#loader = new BoardLoader({
      db: openDatabase(env.DB, DATABASE_SOON_MS),
      board: this.#board,
      streaks: this.#streaks,
      clock,
      loaded: (peers, wasPartial) => this.#loaded(peers, wasPartial),
      begun: () => this.#feed.restart(),
    });
    this.#summaries = new SummaryMaker(openDatabase(env.DB), clock);
    this.#own = new OwnReport(ctx.storage);
    const followed = { board: this.#board, loader: this.#loader, object: this };
    this.#follower = new RegistryFollower(ctx.storage, steps.follow, followed);
    void this.ctx.blockConcurrencyWhile(() => this.#alarm.wake(this.#startedAt));
    void this.#loader.load();
    if (this.#startedAt !== undefined) new PauseDetector(clock).start((pause) => this.#paused(pause));
  }

  async apply(update: BoardUpdate): Promise<number[]> {
    await this.#loader.ready();
    if (!(await this.#loader.enter(update.epoch))) return [];
    this.#own.lastRuns.probed(this.#clock.now());
    const unknown = this.#take(update);
    await this.#alarm.armFor(update.items.map(([id]) => id));
    return unknown;
  }

  async add(checks: Check[], created: number[]): Promise<void> {
    await this.#loader.ready();
    const added = await this.#put(checks);
    const entries = created.flatMap((id) => (added.has(id) ? (this.#board.get(id) ?? []) : []));
    this.#tell(entries.map((entry) => entryFrame("registered", entry)));
  }

  /** A round may come after its service was deleted. While the database is away, the round is believed. */
  async learn(checks: Check[]): Promise<void> {
    const ids = checks.map((check) => check.service_id);
    await this.#put(await checksOf(openDatabase(this.env.DB), ids).catch(() => checks));
  }

  async remove(leaving: Leaving[], flips: RecordedFlip[]): Promise<void> {
    await this.#loader.ready();
    if (!(await this.#loader.enter(leaving[0]?.epoch ?? ""))) return;
    const { frames, left } = this.#board.leave(leaving, flips);
    for (const { check } of left) this.#streaks.forget(check.service_id);
    this.#tell(frames);
  }

  async follow(age: number): Promise<boolean> {
    await this.#loader.ready();
    return this.#loader.isLoaded && (await this.#follower.next(age));
  }

  projectChanged(project: ProjectLite): void {
    this.#tell([projectFrame(project)]);
  }

  async standing(planned: { id: number; rev: number }[]): Promise<Standing> {
    await this.#loader.ready();
    return standingOf(this.#board, planned);
  }

  unjudged(unread: Unread[]): void {
    for (const each of unread) this.#own.fitness.note(each, this.#clock.now());
  }

  async claimCauses(ids: number[]): Promise<number[]> {
    await this.#loader.ready();
    return claimedCauses(this.#board, this.#causes, ids, this.#clock.now());
  }

  async read(ids: number[]): Promise<{ id: number; live: LiveState }[]> {
    await this.#loader.ready();
    return statesOf(this.#board, ids);
  }

  async check(id: number): Promise<Check | null> {
    await this.#loader.ready();
    return checkOf(this.#board, id);
  }

  async refusedUntil(ids: number[]): Promise<{ id: number; until: number }[]> {
    await this.#loader.ready();
    return this.#board.refusedUntil(ids);
  }

  async reportRefused(reporter: Reporter): Promise<void> {
    await this.#loader.ready();
    this.#alarm.reportRefused(reporter);
  }

  async entries(): Promise<BoardEntry[]> {
    await this.#loader.ready();
    return [...this.#board.entries()];
  }

  async summary(hubId: string, reach: Reach): Promise<string> {
    return JSON.stringify(await this.#summaries.make(hubId, await this.entries(), reach));
  }

  async serviceMetrics(): Promise<string> {
    return serviceMetricsText(await this.entries());
  }

  async all(hubId: string): Promise<{ entries: BoardEntry[]; summary: string } | null> {
    const entries = await this.entries();
    return this.#loader.isLoaded ? { entries, summary: await this.summary(hubId, null) } : null;
  }

  async toPlan(): Promise<Check[] | null> {
    await this.#loader.ready();
    return this.#loader.isLoaded ? this.#board.scheduled() : null;
  }

  async ticked(at: number): Promise<void> {
    await this.#loader.ready();
    this.#board.correctTimes(at);
    await this.#alarm.arm();
    this.#downtimes.ticked(at, this.#startedAt, this.#board.checkedAt());
  }

  async gaps(): Promise<readonly Downtime[]> {
    await this.#loader.ready();
    return this.#downtimes.gaps(this.#clock.now());
  }

  planned(at: number): void {
    this.#own.lastRuns.planned(at);
  }

  recorded(at: number): void {
    this.#own.lastRuns.recorded(at);
  }

  deadLettered(letters: DeadLetter[]): void {
    this.#own.deadLetters.add(letters);
  }

  revived(ids: string[]): void {
    this.#own.deadLetters.remove(ids);
  }

  async setPeers(count: number): Promise<void> {
    await this.#loader.ready();
    this.#downstream.peers = count;
  }

  async report(): Promise<BoardReport> {
    await this.#loader.ready();
    return this.#own.of(this.#board, this.#feed.count, this.#clock.now());
  }

  issueTicket(ticket: Ticket): string {
    return this.#tickets.issue(ticket, this.#clock.now());
  }

  redeemTicket(ticket: string): Ticket | null {
    return this.#tickets.redeem(ticket, this.#clock.now());
  }

  closeKey(key: number): void {
    this.#tickets.revoke(key);
    this.#feed.closeKey(key);
  }

  override async fetch(request: Request): Promise<Response> {
    await this.#loader.ready();
    return this.#feed.accept(request);
  }

  override webSocketMessage(socket: WebSocket): void {
    this.#feed.heard(socket);
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    closeToo(socket, code);
  }

  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    this.#alarm.rang(info);
    try {
      await this.#loader.ready();
      await this.#alarm.handleOverdue((update) => void this.#take(update));
    } catch (error) {
      log("error", "board.alarm_failed", { error: errorText(error) });
    }
  }

  /** Returns the ids of services that the board does not know. */
  #take({ items, flips }: BoardUpdate): number[] {
    const { frames, unknown } = this.#board.apply(items, flips);
    for (const [id] of items) {
      const entry = this.#board.get(id);
      if (entry !== undefined) this.#streaks.note(id, entry.live);
    }
    this.#tell(frames);
    return unknown;
  }

  #tell(frames: readonly BoardFrame[]): void {
    this.#feed.tell(frames);
    this.#downstream.announce(frames, () => this.#board.health());
  }

  /** Returns the ids of those that are new on the board. */
  async #put(checks: readonly Check[]): Promise<Set<number>> {
    const added = new Set<number>();
    if (!(await this.#loader.enter(checks[0]?.epoch ?? ""))) return added;
    const now = this.#clock.now();
    // By the new rule it may have been silent for too long already, though nobody expected more of it.
    const revised = checks.filter(({ service_id, rev }) => (this.#board.get(service_id)?.check.rev ?? rev) < rev);
    for (const check of checks) if (this.#board.add(check, unknownState(now))) added.add(check.service_id);
    if (revised.length > 0) this.#alarm.reportRefused({ service_ids: revised.map(({ service_id }) => service_id) });
    this.#feed.changed();
    return added;
  }

  #paused(pause: Downtime): void {
    this.#downtimes.keep(pause);
    this.#alarm.listenAnew();
    logPause(pause.from, pause.to);
  }

  async #loaded(peers: number, wasPartial: boolean): Promise<void> {
    rememberBoard(this.#board);
    this.#downtimes.back(this.#clock.now(), this.#startedAt, this.#board.checkedAt());
    this.#downstream.peers = peers;
    this.#own.lastRuns.recallFrom(this.#board);
    this.#feed.changed();
    if (wasPartial) this.#downstream.completed(this.#board.health());
    await this.#alarm.arm();
  }
}
