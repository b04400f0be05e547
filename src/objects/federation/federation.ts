/**
 * The hub's part in a federation: its identity, how other hubs come in and go, and the sockets that watch them. Whatever
 * concerns one other hub only is done by the link to it.
 */
import { DurableObject } from "cloudflare:workers";
import type { FederationFrame, Peer } from "../../core/board/live-protocol.ts";
import type {
  HubDocument,
  Introduction,
  Joined,
  JoinReason,
  PushedFlip,
  Registration,
  RegistrationAnswer,
} from "../../core/federation/federation.ts";
import { currentKey, toPeer } from "../../core/federation/peer-view.ts";
import { parseSettings, type Settings } from "../../core/hub/settings.ts";
import type { Health } from "../../core/service/records.ts";
import type { Clock } from "../../core/time/clock.ts";
import { PENDING_KEPT_MS, PROTOCOL_ERROR_MS } from "../../core/time/durations.ts";
import type { ArrivedRequest, Bindings, FederationNews, FederationRpc, Refusable } from "../../platform/bindings.ts";
import { errorText, log } from "../../platform/log.ts";
import { boardOf, bridgeOf, peerLinkOf } from "../../platform/object-stubs.ts";
import { internetFetch } from "../../platform/services.ts";
import { type Db, openDatabase } from "../../store/database.ts";
import { forgetPending, getHub, listHubs, removeHub, setTrust } from "../../store/federation/hubs.ts";
import { EventRing } from "../sockets/event-ring.ts";
import { closeToo, SocketSender } from "../sockets/socket-sender.ts";
import { ConfiguredPeers } from "./configured-peers.ts";
import { HeardHubs } from "./heard-hubs.ts";
import { Identity } from "./identity.ts";
import { Joining, refused } from "./joining.ts";
import { Nonces } from "./nonces.ts";

const MIN_ALARM_GAP_MS = 100;

export class Federation extends DurableObject<Bindings> implements FederationRpc {
  readonly #clock: Clock;
  readonly #settings: Settings;
  readonly #db: Db;
  readonly #identity: Identity;
  readonly #joining: Joining;
  readonly #heard: HeardHubs;
  readonly #sockets: SocketSender;
  readonly #ring: EventRing<FederationNews>;
  /** The ids of approved hubs; null: not read yet. */
  #approved: string[] | null = null;
  readonly #peers: ConfiguredPeers;

  constructor(ctx: DurableObjectState, env: Bindings, clock: Clock) {
    super(ctx, env);
    this.#clock = clock;
    this.#ring = new EventRing(clock.now());
    this.#settings = parseSettings(env);
    this.#db = openDatabase(env.DB);
    this.#identity = new Identity(ctx.storage);
    this.#joining = new Joining({
      clock,
      settings: this.#settings,
      db: this.#db,
      identity: this.#identity,
      nonces: new Nonces(ctx.storage),
      fetch: internetFetch(env),
      hubsChanged: (hubId) => this.#hubsChanged(hubId),
    });
    this.#heard = new HeardHubs(this.#db, this.#settings.FEDERATION_INTERVAL);
    this.#sockets = new SocketSender(ctx, clock);
    this.#peers = new ConfiguredPeers(ctx.storage, this.#settings.FEDERATION_PEERS, {
      clock,
      join: (url) => this.join(url, "configured"),
      isKnown: async (hubId) => (await getHub(this.#db, hubId)) !== undefined,
    });
  }

  document(): Promise<HubDocument | null> {
    return this.#joining.document();
  }

  sign(
    request: { method: string; url: string; body: string | null },
    knownKid: string | null,
  ): Promise<Record<string, string>> {
    return this.#identity.sign(request, knownKid, this.#clock.now());
  }

  async signAnswer(
    answer: { status: number; body: string | null },
    request: ArrivedRequest,
    knownKid: string | null,
  ): Promise<Record<string, string>> {
    const sent = { ...request, headers: new Headers(request.headers) };
    return await this.#identity.signAnswer(answer, sent, knownKid, this.#clock.now());
  }

  markSecret(): Promise<string> {
    return this.#identity.markSecret();
  }

  async rotateKey(): Promise<void> {
    await this.#identity.rotate(this.#clock.now());
    for (const hubId of await this.#approvedHubs()) await peerLinkOf(this.env, hubId).wake(hubId);
  }

  join(url: string, reason: JoinReason): Promise<Refusable<Joined>> {
    return this.#joining.join(url, reason);
  }

  register(
    registration: Registration,
    request: ArrivedRequest,
    caller: string,
  ): Promise<Refusable<RegistrationAnswer>> {
    return this.#joining.register(registration, request, caller);
  }

  async approve(hubId: string, kid: string | null): Promise<Refusable<null> | null> {
    const known = await getHub(this.#db, hubId);
    if (known === undefined || known.url === null) return null;
    const key = currentKey(known.keys);
    if (key === null) return refused(409, "this hub has shown no key; it must register first");
    if (kid !== null && kid !== key) {
      return refused(409, `the key of this hub is ${key}, not the one that you name`);
    }
    await setTrust(this.#db, hubId, "approved", this.#clock.now());
    await this.#hubsChanged(hubId);
    return { ok: true, value: null };
  }

  /** One that was removed before is forgotten: then whoever comes first under its name may wait. */
  async remove(hubId: string): Promise<boolean> {
    const known = await getHub(this.#db, hubId);
    if (known === undefined) return false;
    const isForgotten = known.trust === "removed";
    await removeHub(this.#db, hubId, !isForgotten, this.#clock.now());
    if (isForgotten) return true;
    if (known.url !== null) this.ctx.waitUntil(this.#joining.tellRemoved(known, known.url));
    await this.#hubGone(hubId);
    return true;
  }

  async left(hubId: string): Promise<void> {
    await removeHub(this.#db, hubId, false, this.#clock.now());
    await this.#hubGone(hubId);
  }

  introduce(hubs: Introduction[]): void {
    this.ctx.waitUntil(this.#joining.meet(hubs));
  }

  async flipped(flips: PushedFlip[]): Promise<void> {
    await this.#pushToAll({ flips, changed: false });
  }

  async changed(): Promise<void> {
    await this.#pushToAll({ flips: [], changed: true });
  }

  announce(news: FederationNews[]): void {
    for (const each of news) {
      const { seq } = this.#ring.push(each);
      this.#sockets.broadcast(JSON.stringify({ ...each, seq }));
      if (each.type === "hub") this.#tellNats(each.hub);
    }
  }

  async heard(summary: { hub_id: string; overall_status: Health; service_count: number }): Promise<void> {
    this.announce(await this.#heard.take(summary, this.#clock.now()));
  }

  async tick(): Promise<void> {
    const now = this.#clock.now();
    const overdue = now - this.#settings.FEDERATION_INTERVAL * 1_000;
    const longest = this.#settings.FEDERATION_INTERVAL * 1_000 + PROTOCOL_ERROR_MS; // later times are of a wrong clock
    const approved = await listHubs(this.#db, ["approved"]);
    this.#approved = approved.map(({ hub_id }) => hub_id);
    await boardOf(this.env).setPeers(approved.length);
    for (const { hub_id, next_sync_at } of approved) {
      const at = next_sync_at ?? 0;
      if (at <= overdue || at > now + longest) await peerLinkOf(this.env, hub_id).wake(hub_id);
    }
    await this.#forgetWaiting();
    await this.#joinPeers();
  }

  async #forgetWaiting(): Promise<void> {
    for (const hubId of await forgetPending(this.#db, this.#clock.now() - PENDING_KEPT_MS)) {
      log("info", "federation.waited_too_long", { hub: hubId });
      this.announce([{ type: "hub_removed", hub_id: hubId }]);
    }
  }

  override async alarm(): Promise<void> {
    await this.#joinPeers();
  }

  /** The key is no longer valid. */
  closeKey(key: number): void {
    this.#sockets.closeKey(key);
  }

  override async fetch(request: Request): Promise<Response> {
    const since = new URL(request.url).searchParams.get("since");
    const { 0: client, 1: server } = new WebSocketPair();
    this.#sockets.accept(server, request);
    const missed = since === null ? null : this.#ring.since(Number(since));
    if (missed === null) this.#sockets.send(server, JSON.stringify(await this.#snapshot()));
    else for (const { seq, frame } of missed) this.#sockets.send(server, JSON.stringify({ ...frame, seq }));
    const protocol = request.headers.get("Sec-WebSocket-Protocol");
    const headers = protocol === null ? {} : { "Sec-WebSocket-Protocol": protocol };
    return new Response(null, { status: 101, webSocket: client, headers });
  }

  override webSocketMessage(socket: WebSocket): void {
    this.#sockets.heard(socket);
    const frame: FederationFrame = {
      type: "error",
      seq: this.#ring.last,
      detail: "only the text `ping` is understood",
    };
    this.#sockets.send(socket, JSON.stringify(frame));
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    closeToo(socket, code);
  }

  async #snapshot(): Promise<FederationFrame> {
    const now = this.#clock.now();
    const rows = await listHubs(this.#db);
    const hubs = rows.map((row) => toPeer(row, this.#settings.FEDERATION_INTERVAL, now));
    return { type: "snapshot", seq: this.#ring.last, at: new Date(now).toISOString(), hubs };
  }

  async #approvedHubs(): Promise<string[]> {
    this.#approved ??= (await listHubs(this.#db, ["approved"])).map(({ hub_id }) => hub_id);
    return this.#approved;
  }

  async #pushToAll(news: { flips: PushedFlip[]; changed: boolean }): Promise<void> {
    for (const hubId of await this.#approvedHubs()) {
      const pushed = peerLinkOf(this.env, hubId).push(hubId, news);
      this.ctx.waitUntil(pushed.catch((error) => log("warn", "federation.push_failed", { error: errorText(error) })));
    }
  }

  /** Reads the hubs again after one of them was added or approved. */
  async #hubsChanged(hubId: string): Promise<void> {
    const row = await getHub(this.#db, hubId);
    this.#approved = null;
    const approved = await this.#approvedHubs();
    await boardOf(this.env).setPeers(approved.length);
    if (row === undefined) return;
    this.announce([{ type: "hub", hub: toPeer(row, this.#settings.FEDERATION_INTERVAL, this.#clock.now()) }]);
    if (row.trust === "approved") await peerLinkOf(this.env, hubId).wake(hubId);
    await this.#pushToAll({ flips: [], changed: true });
  }

  async #hubGone(hubId: string): Promise<void> {
    this.#approved = null;
    await boardOf(this.env).setPeers((await this.#approvedHubs()).length);
    await peerLinkOf(this.env, hubId).forget();
    this.announce([{ type: "hub_removed", hub_id: hubId }]);
  }

  async #joinPeers(): Promise<void> {
    const next = await this.#peers.joinAll();
    if (next === null) return;
    const at = Math.max(next, this.#clock.now() + MIN_ALARM_GAP_MS);
    await this.ctx.storage.setAlarm(this.#clock.platformTime(at));
  }

  #tellNats(peer: Peer): void {
    if (this.#settings.NATS_URL === undefined) return;
    const told = bridgeOf(this.env).peerChanged(peer);
    this.ctx.waitUntil(told.catch((error) => log("warn", "federation.bridge_failed", { error: errorText(error) })));
  }
}
