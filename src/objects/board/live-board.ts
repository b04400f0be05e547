/**
 * Holds the latest state of every service of this hub, and the sockets that watch it. After an eviction the object
 * reads its state from the database again. What no other place has is stored here: dead letters, tickets, when the hub
 * could hear and watch, streaks of failures.
 */
import { DurableObject } from "cloudflare:workers";
import { Board, type BoardUpdate, type Leaving, type Reporter } from "../../core/board/board.ts";
import { type BoardEntry, recordedAs, unknownState } from "../../core/board/board-entry.ts";
import { type BoardFrame, entryFrame, projectFrame } from "../../core/board/board-frames.ts";
import type { ProjectLite } from "../../core/board/live-protocol.ts";
import type { HubGap } from "../../core/downtime/downtime.ts";
import type { Reach } from "../../core/hub/reach.ts";
import { serviceMetricsText } from "../../core/hub/service-metrics.ts";
import { parseSettings, type Settings } from "../../core/hub/settings.ts";
import type { Check } from "../../core/service/check.ts";
import { epochOrder } from "../../core/service/epoch.ts";
import type { LiveState, RecordedFlip } from "../../core/service/records.ts";
import { Fitness } from "../../core/service/unfit-checks.ts";
import type { Clock } from "../../core/time/clock.ts";
import { CAUSE_AGAIN_MS, DATABASE_SOON_MS } from "../../core/time/durations.ts";
import { Recently } from "../../core/time/recently.ts";
import type { Unread } from "../../core/values/read-each.ts";
import type { Bindings, BoardPulse, DeadLetter, LiveBoardRpc, Standing, Ticket } from "../../platform/bindings.ts";
import { rememberBoard } from "../../platform/board-memory.ts";
import { errorText, log } from "../../platform/log.ts";
import { openDatabase } from "../../store/database.ts";
import { checksOf } from "../../store/registry/checks.ts";
import { Wakefulness } from "../downtime/downtimes.ts";
import { ClockWatch } from "../downtime/pause-detector.ts";
import { logPause } from "../downtime/told-pause.ts";
import { BoardLoader } from "./board-loader.ts";
import type { BoardSteps } from "./board-steps.ts";
import { DeadLetters } from "./dead-letters.ts";
import { Announcer } from "./downstream.ts";
import { Pulse } from "./last-runs.ts";
import { LiveFeed } from "./live-feed.ts";
import { RegistryFollower } from "./registry-follower.ts";
import { SilenceAlarm } from "./silence-alarm.ts";
import { MarksKeeper } from "./streak-memory.ts";
import { SummaryMaker } from "./summary-maker.ts";
import { TicketBox } from "./tickets.ts";

export class LiveBoard extends DurableObject<Bindings> implements LiveBoardRpc {
  readonly #board = new Board();
  readonly #fitness = new Fitness();
  readonly #causes = new Recently(CAUSE_AGAIN_MS);
  readonly #feed: LiveFeed;
  readonly #tickets: TicketBox;
  readonly #deadLetters: DeadLetters;
  readonly #wakefulness: Wakefulness;
  readonly #clock: Clock;
  readonly #clockWatch: ClockWatch;
  readonly #marks: MarksKeeper;
  readonly #pulse: Pulse;
  readonly #announcer: Announcer;
  readonly #alarm: SilenceAlarm;
  readonly #follower: RegistryFollower;
  readonly #loader: BoardLoader;
  readonly #summaries: SummaryMaker;

  readonly #settings: Settings;
  /** The board is being read from the database. */
  #loading: Promise<void> | null = null;

  constructor(ctx: DurableObjectState, env: Bindings, clock: Clock, steps: BoardSteps) {
    super(ctx, env);
    this.#clock = clock;
    this.#clockWatch = new ClockWatch(clock);
    this.#settings = parseSettings(env);
    this.#announcer = new Announcer(ctx, env, this.#settings);
    this.#feed = new LiveFeed(ctx, this.#board, clock);
    this.#tickets = new TicketBox(ctx.storage);
    this.#deadLetters = new DeadLetters(ctx.storage);
    this.#alarm = new SilenceAlarm(ctx.storage, steps, this.#board, clock);
    this.#wakefulness = new Wakefulness(ctx.storage);
    this.#marks = new MarksKeeper(ctx.storage);
    this.#loader = new BoardLoader(openDatabase(env.DB, DATABASE_SOON_MS), this.#board, this.#marks, clock);
    this.#summaries = new SummaryMaker(openDatabase(env.DB), clock);
    this.#pulse = new Pulse(ctx.storage);
    this.#follower = new RegistryFollower(ctx.storage, steps.follow, {
      known: (id) => this.#board.known(id),
      enter: async (epoch) => void (await this.#enter(epoch)),
      add: (checks, created) => this.add(checks, created),
      remove: (leaving, flips) => this.remove(leaving, flips),
    });
    const startedAt = this.#settings.HUB_STARTED_AT;
    void this.ctx.blockConcurrencyWhile(() => this.#alarm.wake(startedAt));
    void this.#load();
    if (startedAt !== undefined) this.#clockWatch.start((pause) => this.#paused(pause));
  }

  /** Takes in newer states and tells the watchers. Returns the ids of services that it does not know. */
  async apply(update: BoardUpdate): Promise<number[]> {
    await this.#ensureLoaded();
    if (!(await this.#enter(update.epoch))) return [];
    this.#pulse.probed(this.#clock.now());
    const unknown = this.#take(update);
    await this.#alarm.armFor(update.items.map(([id]) => id));
    return unknown;
  }

  /** Adds services that are watched from now on, or whose check changed. Announces those in `created` that are new. */
  async add(checks: Check[], created: number[]): Promise<void> {
    await this.#ensureLoaded();
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
    await this.#ensureLoaded();
    if (!(await this.#enter(leaving[0]?.epoch ?? ""))) return;
    const { frames, left } = this.#board.leave(leaving, flips);
    for (const { check } of left) this.#marks.forget(check.service_id);
    this.#tell(frames);
  }

  async follow(age: number): Promise<boolean> {
    await this.#ensureLoaded();
    return this.#loader.isLoaded && (await this.#follower.next(age));
  }

  projectChanged(project: ProjectLite): void {
    this.#tell([projectFrame(project)]);
  }

  async standing(planned: { id: number; rev: number }[]): Promise<Standing> {
    await this.#ensureLoaded();
    return {
      obsolete: planned.flatMap(({ id, rev }) => (this.#board.isObsolete(id, rev) ? [id] : [])),
      unsettled: planned.flatMap(({ id }) => (this.#board.isUnsettled(id) ? [id] : [])),
    };
  }

  unjudged(unread: Unread[]): void {
    for (const each of unread) this.#fitness.note(each, this.#clock.now());
  }

  async claimCauses(ids: number[]): Promise<number[]> {
    await this.#ensureLoaded();
    const now = this.#clock.now();
    return ids.filter((id) => {
      const live = this.#board.get(id)?.live;
      return live !== undefined && live.status !== "down" && this.#causes.claim(id, live.last_at, now);
    });
  }

  async read(ids: number[]): Promise<{ id: number; live: LiveState }[]> {
    await this.#ensureLoaded();
    return ids.flatMap((id) => {
      const entry = this.#board.get(id);
      return entry === undefined ? [] : [{ id, live: entry.live }];
    });
  }

  async check(id: number): Promise<Check | null> {
    await this.#ensureLoaded();
    const entry = this.#board.get(id);
    return entry === undefined ? null : { ...entry.check, ...recordedAs(entry.live) };
  }

  async deafnessOf(ids: number[]): Promise<{ id: number; until: number }[]> {
    await this.#ensureLoaded();
    return this.#board.deafnessOf(ids);
  }

  async couldNotHear(reporter: Reporter): Promise<void> {
    await this.#ensureLoaded();
    this.#alarm.couldNotHear(reporter);
  }

  async entries(): Promise<BoardEntry[]> {
    await this.#ensureLoaded();
    return [...this.#board.entries()];
  }

  /** Returns the health summary of these projects at this moment. Throws when the database does not answer. */
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
    await this.#ensureLoaded();
    return this.#loader.isLoaded ? this.#board.scheduled() : null;
  }

  async awake(at: number): Promise<void> {
    await this.#ensureLoaded();
    this.#board.correctTimes(at);
    await this.#alarm.arm();
    this.#wakefulness.awake(at, this.#settings.HUB_STARTED_AT, this.#board.checkedAt());
  }

  async gaps(): Promise<readonly HubGap[]> {
    await this.#ensureLoaded();
    return this.#wakefulness.gaps(this.#clock.now());
  }

  planned(at: number): void {
    this.#pulse.planned(at);
  }

  recorded(at: number): void {
    this.#pulse.recorded(at);
  }

  deadLettered(letters: DeadLetter[]): void {
    this.#deadLetters.add(letters);
  }

  revived(ids: string[]): void {
    this.#deadLetters.remove(ids);
  }

  async setPeers(count: number): Promise<void> {
    await this.#ensureLoaded();
    this.#announcer.peers = count;
  }

  async pulse(): Promise<BoardPulse> {
    await this.#ensureLoaded();
    const { count: dead_letters, output: lost } = this.#deadLetters.lost(this.#clock.now());
    return {
      ...this.#pulse.times(this.#clock.now()),
      ...{ dead_letters, lost },
      watchers: this.#feed.count,
      shortest_interval: this.#board.shortestInterval(),
      rounds_a_day: this.#board.roundsADay(),
      unfit: this.#fitness.unfit(this.#board.entries(), this.#clock.now()),
    };
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
    await this.#ensureLoaded();
    return this.#feed.accept(request);
  }

  override webSocketMessage(socket: WebSocket): void {
    this.#feed.heard(socket);
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    // 1005 and 1006 mean that there was no code, and must not be sent.
    socket.close(code === 1005 || code === 1006 ? 1000 : code);
  }

  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    this.#alarm.rang(info);
    try {
      await this.#ensureLoaded();
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
      if (entry !== undefined) this.#marks.note(id, entry.live);
    }
    this.#tell(frames);
    return unknown;
  }

  #tell(frames: readonly BoardFrame[]): void {
    this.#feed.tell(frames);
    this.#announcer.announce(frames, () => this.#board.health());
  }

  /** Returns the ids of those that are new on the board. */
  async #put(checks: readonly Check[]): Promise<Set<number>> {
    const added = new Set<number>();
    if (!(await this.#enter(checks[0]?.epoch ?? ""))) return added;
    const now = this.#clock.now();
    // By the new rule it may have been silent for too long already, though nobody expected more of it.
    const revised = checks.filter(({ service_id, rev }) => (this.#board.get(service_id)?.check.rev ?? rev) < rev);
    for (const check of checks) if (this.#board.add(check, unknownState(now))) added.add(check.service_id);
    if (revised.length > 0) this.#alarm.couldNotHear({ service_ids: revised.map(({ service_id }) => service_id) });
    this.#feed.changed();
    return added;
  }

  /** Returns false for what belongs to an earlier life of the database. With a later one everything begins anew. */
  async #enter(epoch: string): Promise<boolean> {
    const order = epochOrder(epoch, this.#board.epoch);
    if (order === "newer") await this.#begin(epoch);
    return order !== "older";
  }

  async #begin(epoch: string): Promise<void> {
    this.#loader.forget();
    this.#board.begin(epoch);
    this.#marks.forgetAll();
    await this.#loading; // of the life before
    await this.#load();
    this.#feed.restart();
  }

  /**
   * While the database is away, the board goes on with the states that it gets, and loads the others later. Events come
   * in meanwhile: a database that hangs must not stop the hub.
   */
  async #ensureLoaded(): Promise<void> {
    if (this.#loader.isDue) void this.#load();
    await this.#loading;
  }

  #paused(pause: HubGap): void {
    this.#wakefulness.keep(pause);
    this.#alarm.hearAnew();
    logPause(pause.from, pause.to);
  }

  /** Ends with the answer of the database, or when that does not come in time. */
  async #load(): Promise<void> {
    if (this.#loader.isLoaded) return;
    this.#loading ??= this.#read().finally(() => {
      this.#loading = null;
    });
    await this.#loading;
  }

  async #read(): Promise<void> {
    const peers = await this.#loader.load();
    if (peers === null) return;
    rememberBoard(this.#board);
    this.#wakefulness.back(this.#clock.now(), this.#settings.HUB_STARTED_AT, this.#board.checkedAt());
    this.#announcer.peers = peers;
    this.#pulse.recallFrom(this.#board);
    this.#feed.changed();
    if (this.#loader.hasFailed) this.#announcer.completed(this.#board.health());
    await this.#alarm.arm();
  }
}
