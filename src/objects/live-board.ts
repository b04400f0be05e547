/**
 * Holds the latest state of every service of this hub, and the sockets that watch it. After an eviction the object
 * reads its state from the database again. What no other place has is stored here: dead letters, tickets, when the hub
 * could hear and watch, streaks of failures.
 */
import { DurableObject } from "cloudflare:workers";
import {
  Board,
  type BoardEntry,
  type BoardFrame,
  type BoardUpdate,
  type Leaving,
  recordedAs,
  serviceLite,
  unknownState,
} from "../core/board.ts";
import { seededState } from "../core/board-seed.ts";
import type { Check } from "../core/check.ts";
import { epochOrder } from "../core/epoch.ts";
import type { Frame, ProjectLite } from "../core/live-protocol.ts";
import type { OutcomesMessage } from "../core/queue-messages.ts";
import type { LiveState, RecordedFlip } from "../core/records.ts";
import { serviceMetricsText } from "../core/service-metrics.ts";
import { parseSettings } from "../core/settings.ts";
import { type Summary, summarize } from "../core/summary.ts";
import type { Gap } from "../core/watch-gaps.ts";
import { expireOverdue } from "../pipeline/expire.ts";
import type { Bindings, BoardPulse, DeadLetter, LiveBoardRpc, Ticket } from "../platform/bindings.ts";
import { laneCalls } from "../platform/lane-calls.ts";
import { errorText, log } from "../platform/log.ts";
import { sendOutcomes } from "../platform/queues.ts";
import { checksOf, loadBoard } from "../store/checks.ts";
import { openDatabase } from "../store/database.ts";
import { listHubs } from "../store/hubs.ts";
import { listAllProjects } from "../store/projects.ts";
import { Announcer } from "./announcer.ts";
import { DeadLetters } from "./dead-letters.ts";
import { EventRing } from "./event-ring.ts";
import { Hearing } from "./hearing.ts";
import { MarksKeeper } from "./marks.ts";
import { Pulse } from "./pulse.ts";
import { RegistryFollower } from "./registry-follower.ts";
import { Snapshots } from "./snapshots.ts";
import { TicketBox } from "./tickets.ts";
import { Wakefulness } from "./wakefulness.ts";
import { parseWatch, type Watch, Watchers } from "./watchers.ts";

const MIN_ALARM_GAP_MS = 1_000;
/** Pause after an alarm that changed no overdue service, or that failed. */
const IDLE_ALARM_GAP_MS = 10_000;
/** Number of overdue services that one alarm handles. The others follow a second later. */
const OVERDUE_AT_ONCE = 200;
const LOAD_AGAIN_MS = 5_000;
/** Who watches one service hears nothing of projects. */
const NO_SERVICE = 0;

export class LiveBoard extends DurableObject<Bindings> implements LiveBoardRpc {
  readonly #board = new Board();
  readonly #ring = new EventRing<BoardFrame>(Date.now());
  readonly #watchers: Watchers;
  readonly #tickets: TicketBox;
  readonly #deadLetters: DeadLetters;
  readonly #hearing: Hearing;
  readonly #wakefulness: Wakefulness;
  readonly #marks: MarksKeeper;
  readonly #pulse: Pulse;
  readonly #announcer: Announcer;
  readonly #snapshots = new Snapshots(this.#board);
  readonly #follower: RegistryFollower;
  #loaded = false;
  #loadFailed = false;
  #loadTriedAt = 0;
  #alarmAt: number | null = null;

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    this.#announcer = new Announcer(ctx, env, parseSettings(env));
    this.#watchers = new Watchers(ctx);
    this.#tickets = new TicketBox(ctx.storage);
    this.#deadLetters = new DeadLetters(ctx.storage);
    this.#hearing = new Hearing(ctx.storage);
    this.#wakefulness = new Wakefulness(ctx.storage);
    this.#marks = new MarksKeeper(ctx.storage);
    this.#pulse = new Pulse(ctx.storage);
    this.#follower = new RegistryFollower(ctx.storage, env, parseSettings(env), {
      known: (id) => this.#board.known(id),
      enter: async (epoch) => void (await this.#enter(epoch)),
      add: (checks, created) => this.add(checks, created),
      remove: (leaving, flips) => this.remove(leaving, flips),
    });
    const { HUB_STARTED_AT } = parseSettings(env);
    if (HUB_STARTED_AT !== undefined) this.#hearing.started(HUB_STARTED_AT);
    ctx.blockConcurrencyWhile(async () => {
      this.#alarmCame(await ctx.storage.getAlarm());
      await this.#load();
    });
  }

  /** Takes in newer states and tells the watchers. Returns the ids of services that it does not know. */
  async apply(update: BoardUpdate): Promise<number[]> {
    await this.#ensureLoaded();
    if (!(await this.#enter(update.epoch))) return [];
    this.#pulse.probed(Date.now());
    const unknown = this.#take(update);
    await this.#arm(update.items.map(([id]) => id));
    return unknown;
  }

  /** Adds services that are watched from now on, or whose check changed. Announces those in `created` that are new. */
  async add(checks: Check[], created: number[]): Promise<void> {
    await this.#ensureLoaded();
    const added = await this.#put(checks);
    this.#tell(created.flatMap((id) => (added.has(id) ? this.#entryFrame("registered", this.#board.get(id)) : [])));
  }

  /** A round may come after its service was deleted. While the database is away, the round is believed. */
  async learn(checks: Check[]): Promise<void> {
    const ids = checks.map((check) => check.service_id);
    await this.#put(await checksOf(openDatabase(this.env.DB), ids).catch(() => checks));
  }

  async remove(leaving: Leaving[], flips: RecordedFlip[]): Promise<void> {
    await this.#ensureLoaded();
    if (!(await this.#enter(leaving[0]?.epoch ?? ""))) return;
    this.#tell(this.#board.apply([], flips).frames);
    const left = leaving.flatMap((each) => this.#board.remove(each) ?? []);
    for (const { check } of left) this.#marks.forget(check.service_id);
    this.#tell(left.flatMap((entry) => this.#entryFrame("deregistered", entry)));
  }

  async follow(): Promise<boolean> {
    await this.#ensureLoaded();
    return this.#loaded && (await this.#follower.next());
  }

  /** Tells that a project was started or stopped. */
  projectChanged(project: ProjectLite): void {
    this.#tell([{ type: "project", parts: [{ service_id: NO_SERVICE, project_id: project.id, body: project }] }]);
  }

  /** Returns the ids of checks that were changed or deregistered after they had been planned. */
  obsolete(planned: { id: number; rev: number }[]): number[] {
    return planned.flatMap(({ id, rev }) => (this.#board.isObsolete(id, rev) ? [id] : []));
  }

  /** Leaves out services that the board does not know. */
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

  couldNotHear(): void {
    this.#hearing.beginAnew();
    this.#board.hearingSince = this.#hearing.since;
  }

  async entries(): Promise<BoardEntry[]> {
    await this.#ensureLoaded();
    return [...this.#board.entries()];
  }

  /** Returns the health summary of this moment. Throws when the database does not answer. */
  async summary(hubId: string): Promise<Summary> {
    const services = (await this.entries()).map(({ check, live }) => ({ ...check, live }));
    const projects = await listAllProjects(openDatabase(this.env.DB));
    return summarize(hubId, services, projects, Date.now());
  }

  /** Returns the metrics of every service as one text, which takes less time to send than ten thousand states. */
  async serviceMetrics(): Promise<string> {
    return serviceMetricsText(await this.entries());
  }

  /** Returns all that is published on NATS; null while the registry could not be read. */
  async all(hubId: string): Promise<{ entries: BoardEntry[]; summary: Summary } | null> {
    const entries = await this.entries();
    return this.#loaded ? { entries, summary: await this.summary(hubId) } : null;
  }

  /** Returns the scheduled checks as far as the board knows them; null when it could never read the registry. */
  toPlan(): Check[] | null {
    return this.#loaded ? this.#board.scheduled() : null;
  }

  async awake(at: number): Promise<void> {
    await this.#ensureLoaded();
    const { HUB_STARTED_AT } = parseSettings(this.env);
    const checkedAt = [...this.#board.entries()].flatMap(({ live }) => live.last_at ?? []);
    this.#wakefulness.awake(at, HUB_STARTED_AT, checkedAt);
  }

  gaps(): readonly Gap[] {
    return this.#wakefulness.gaps;
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

  /** Forgets dead letters that were delivered in the end. */
  revived(ids: string[]): void {
    this.#deadLetters.remove(ids);
  }

  setPeers(count: number): void {
    this.#announcer.peers = count;
  }

  pulse(): BoardPulse {
    return {
      ...this.#pulse.times,
      dead_letters: this.#deadLetters.count(Date.now()),
      watchers: this.#watchers.count,
      shortest_interval: this.#board.shortestInterval(),
    };
  }

  issueTicket(ticket: Ticket): string {
    return this.#tickets.issue(ticket, Date.now());
  }

  /** Returns null when the ticket is unknown, used or too old. */
  redeemTicket(ticket: string): Ticket | null {
    return this.#tickets.redeem(ticket, Date.now());
  }

  /** The key is no longer valid. */
  closeKey(key: number): void {
    this.#tickets.revoke(key);
    this.#watchers.closeKey(key);
  }

  override async fetch(request: Request): Promise<Response> {
    await this.#ensureLoaded();
    const asked = parseWatch(new URL(request.url));
    if ("error" in asked) return new Response(asked.error, { status: 400 });
    const { 0: client, 1: server } = new WebSocketPair();
    this.#watchers.accept(server, asked.watch, request);
    this.#greet(server, asked.watch, asked.since);
    const protocol = request.headers.get("Sec-WebSocket-Protocol");
    const headers = protocol === null ? {} : { "Sec-WebSocket-Protocol": protocol };
    return new Response(null, { status: 101, webSocket: client, headers });
  }

  override webSocketMessage(socket: WebSocket): void {
    this.#watchers.heard(socket);
    this.#send(socket, { type: "error", seq: this.#ring.last, detail: "only the text `ping` is understood" });
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    // 1005 and 1006 mean that there was no code, and must not be sent.
    socket.close(code === 1005 || code === 1006 ? 1000 : code);
  }

  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    this.#alarmAt = null;
    if (info !== undefined && !info.isRetry) this.#alarmCame(info.scheduledTime);
    let gap = IDLE_ALARM_GAP_MS;
    try {
      await this.#ensureLoaded();
      const overdue = this.#board.overdue(Date.now(), OVERDUE_AT_ONCE);
      const update = await expireOverdue(overdue, this.#expireDeps());
      this.#take(update);
      if (update.flips.length > 0 || overdue.length === 0) gap = MIN_ALARM_GAP_MS;
    } catch (error) {
      log("error", "board.alarm_failed", { error: errorText(error) });
    }
    await this.#armFor(this.#board.nextDeadline(), gap);
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

  /** While the hub was away it could hear nobody, so who was silent gets the full time again. */
  #alarmCame(expected: number | null): void {
    this.#hearing.alarmCame(expected);
    this.#board.hearingSince = this.#hearing.since;
  }

  #expireDeps() {
    const now = () => Date.now();
    return {
      now,
      expire: laneCalls(this.env, now).expire,
      record: (message: OutcomesMessage) => sendOutcomes(this.env, message),
    };
  }

  /** Sends the missed events when the ring still has them, otherwise a snapshot. */
  #greet(socket: WebSocket, watch: Watch, since: number | null): void {
    const missed = since === null ? null : this.#ring.since(since);
    if (missed === null) this.#watchers.send(socket, this.#snapshots.text(watch, this.#ring.last));
    const at = new Date().toISOString();
    for (const event of missed ?? []) this.#watchers.sendTo(socket, event, watch, at);
  }

  #send(socket: WebSocket, frame: Frame): void {
    this.#watchers.send(socket, JSON.stringify(frame));
  }

  #tell(frames: readonly BoardFrame[]): void {
    const at = new Date().toISOString();
    for (const frame of frames) this.#watchers.broadcast(this.#ring.push(frame), at);
    this.#announcer.announce(frames, () => this.#board.health());
  }

  #entryFrame(type: "registered" | "deregistered", entry: BoardEntry | undefined): BoardFrame[] {
    if (entry === undefined) return [];
    const { service_id, project_id } = entry.check;
    return [{ type, parts: [{ service_id, project_id, body: serviceLite(entry) }] }];
  }

  /** Sets the alarm earlier when one of these services has an earlier deadline. */
  async #arm(ids: readonly number[]): Promise<void> {
    const next = this.#board.earliestOf(ids);
    if (next === null || (this.#alarmAt !== null && this.#alarmAt <= next)) return;
    await this.#armFor(next);
  }

  async #armFor(deadline: number | null, gap = MIN_ALARM_GAP_MS): Promise<void> {
    if (deadline === null) return;
    this.#alarmAt = Math.max(deadline + 1, Date.now() + gap);
    await this.ctx.storage.setAlarm(this.#alarmAt);
  }

  /** Returns the ids of those that are new on the board. */
  async #put(checks: readonly Check[]): Promise<Set<number>> {
    const added = new Set<number>();
    if (!(await this.#enter(checks[0]?.epoch ?? ""))) return added;
    const now = Date.now();
    for (const check of checks) if (this.#board.add(check, unknownState(now))) added.add(check.service_id);
    this.#snapshots.clear();
    return added;
  }

  /** Returns false for what belongs to an earlier life of the database. With a later one everything begins anew. */
  async #enter(epoch: string): Promise<boolean> {
    const order = epochOrder(epoch, this.#board.epoch);
    if (order === "newer") await this.ctx.blockConcurrencyWhile(() => this.#begin(epoch));
    return order !== "older";
  }

  async #begin(epoch: string): Promise<void> {
    if (epochOrder(epoch, this.#board.epoch) !== "newer") return; // another call was first
    this.#board.begin(epoch);
    this.#marks.forgetAll();
    this.#loaded = false;
    await this.#load();
    this.#ring.restart(Date.now());
    this.#watchers.each((socket, watch) => this.#greet(socket, watch, null));
  }

  /** While the database is away, the board goes on with the states that it gets, and loads the others later. */
  async #ensureLoaded(): Promise<void> {
    if (this.#loaded || Date.now() - this.#loadTriedAt < LOAD_AGAIN_MS) return;
    await this.ctx.blockConcurrencyWhile(() => this.#load());
  }

  async #load(): Promise<void> {
    if (this.#loaded) return;
    this.#loadTriedAt = Date.now();
    try {
      const db = openDatabase(this.env.DB);
      const { epoch, seeds } = await loadBoard(db);
      this.#board.epoch = epoch;
      for (const seed of seeds) {
        this.#board.add(seed.check, { ...seededState(seed), ...this.#marks.of(seed.check.service_id) });
      }
      this.#board.keepOnly(new Set(seeds.map(({ check }) => check.service_id)));
      this.#pulse.recallFrom(this.#board);
      this.#announcer.peers = (await listHubs(db, ["approved"])).length;
      this.#loaded = true;
      this.#snapshots.clear();
      if (this.#loadFailed) this.#announcer.completed(this.#board.health());
      await this.#armFor(this.#board.nextDeadline());
    } catch (error) {
      this.#loadFailed = true;
      log("error", "board.load_failed", { error: errorText(error) });
    }
  }
}
