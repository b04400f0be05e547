/**
 * The hub's part in a federation: its identity, how other hubs come in and go, and the sockets that watch them. Whatever
 * concerns one other hub only is done by the link to it.
 */
import { DurableObject } from "cloudflare:workers";
import { version } from "../../package.json";
import {
  type HubDocument,
  type Introduction,
  type Joined,
  type JoinReason,
  MAX_HUBS,
  PROTOCOL,
  type PublicKey,
  type PushedFlip,
  type Registration,
  type RegistrationAnswer,
} from "../core/federation.ts";
import type { FederationFrame, Peer } from "../core/live-protocol.ts";
import { toPeer } from "../core/peer-view.ts";
import type { Health } from "../core/records.ts";
import { parseSettings, type Settings } from "../core/settings.ts";
import { JoinRefused, join, register, withoutSlash } from "../federation/join.ts";
import { importPublicKey, toPublicKey } from "../federation/keys.ts";
import { readDocument, sendLeave, sendRegistration } from "../federation/peer-requests.ts";
import { newNonce, SignatureRefused, verifyRequest } from "../federation/signatures.ts";
import type {
  ArrivedRequest,
  Bindings,
  FederationNews,
  FederationRpc,
  Refusable,
  SignedHeaders,
} from "../platform/bindings.ts";
import { errorText, log } from "../platform/log.ts";
import { boardOf, bridgeOf, peerLinkOf } from "../platform/object-stubs.ts";
import { type Db, openDatabase } from "../store/database.ts";
import { countHubs, getHub, listHubs, removeHub, saveHeardHub, saveHub, setTrust } from "../store/hubs.ts";
import { ConfiguredPeers } from "./configured-peers.ts";
import { EventRing } from "./event-ring.ts";
import { Identity } from "./identity.ts";
import { Nonces } from "./nonces.ts";
import { SocketSender } from "./socket-sender.ts";

/** Wrong join tokens that are looked at in a minute, from anyone. */
const MAX_WRONG_PROOFS = 10;
const MINUTE_MS = 60_000;
/** A registration is answered after the other hub has called back. */
const REQUEST_MS = 10_000;
const MIN_ALARM_GAP_MS = 100;
/** A hub publishes its summary each minute, and at each change of its health. */
const HEARD_GAP_MS = 5_000;
/** Anybody who may publish there can make up hubs. */
const MAX_HEARD = 1_000;
/** A hub that was introduced and can't be joined. */
const INTRODUCTION_RETRY_MS = 600_000;

export class Federation extends DurableObject<Bindings> implements FederationRpc {
  readonly #settings: Settings;
  readonly #db: Db;
  readonly #identity: Identity;
  readonly #nonces: Nonces;
  readonly #sockets: SocketSender;
  readonly #ring = new EventRing<FederationNews>(Date.now());
  #wrongProofs: number[] = [];
  /** The ids of approved hubs; null: not read yet. */
  #approved: string[] | null = null;
  readonly #peers: ConfiguredPeers;
  /** When the summaries of hubs that are not registered here were last written down. */
  readonly #heardAt = new Map<string, number>();
  readonly #introduced = new Map<string, number>();

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    this.#settings = parseSettings(env);
    this.#db = openDatabase(env.DB);
    this.#identity = new Identity(ctx.storage);
    this.#nonces = new Nonces(ctx.storage);
    this.#sockets = new SocketSender(ctx);
    this.#peers = new ConfiguredPeers(ctx.storage, this.#settings.FEDERATION_PEERS, {
      join: (url) => this.join(url, "configured"),
      isKnown: async (hubId) => (await getHub(this.#db, hubId)) !== undefined,
    });
  }

  async document(): Promise<HubDocument | null> {
    const { HUB_ID: hub_id, HUB_URL, HUB_NAME, HUB_REGION } = this.#settings;
    if (HUB_URL === undefined) return null;
    const keys = await this.#identity.keys(Date.now());
    return {
      hub_id,
      name: HUB_NAME ?? null,
      url: withoutSlash(HUB_URL),
      region: HUB_REGION ?? null,
      version,
      protocol: PROTOCOL,
      capabilities: ["sync", "events"],
      keys: keys.map(toPublicKey),
    };
  }

  sign(request: { method: string; url: string; body: string | null }, knownKid: string | null): Promise<SignedHeaders> {
    return this.#identity.sign(request, knownKid, Date.now());
  }

  async rotateKey(): Promise<void> {
    await this.#identity.rotate(Date.now());
    for (const hubId of await this.#approvedHubs()) await peerLinkOf(this.env, hubId).wake(hubId);
  }

  async join(url: string, reason: JoinReason): Promise<Refusable<Joined>> {
    return await refusable(async () => {
      const own = await this.#own();
      const nonce = newNonce();
      const { ALLOW_PRIVATE_TARGETS: allowPrivate } = this.#settings;
      const timeoutMs = REQUEST_MS;
      const sign = async (request: { method: string; url: string; body: string | null }) =>
        (await this.#identity.sign(request, null, Date.now(), nonce)).headers;
      const joined = await join(withoutSlash(url), reason, {
        ...this.#joinDeps(own),
        nonce,
        send: (hubUrl, registration) => sendRegistration(hubUrl, registration, { allowPrivate, timeoutMs, sign }),
      });
      log("info", "federation.joined", { ...joined });
      await this.#hubsChanged(joined.hub_id);
      return joined;
    });
  }

  async register(
    registration: Registration,
    request: ArrivedRequest,
    caller: string,
  ): Promise<Refusable<RegistrationAnswer>> {
    const answer = await refusable(async () => {
      this.#refuseTooManyProofs();
      const answered = await register(registration, {
        ...this.#joinDeps(await this.#own()),
        verify: (keys) => this.#verify(request, keys),
        wrongProof: () => void this.#wrongProofs.push(Date.now()),
      });
      await this.#hubsChanged(registration.hub_id);
      return answered;
    });
    const { hub_id: hub, url } = registration;
    if (answer.ok) log("info", "federation.registered", { hub, url, trust: answer.value.trust });
    else log("warn", "federation.refused", { hub, url, caller, reason: answer.words });
    return answer;
  }

  async approve(hubId: string): Promise<boolean> {
    const known = await getHub(this.#db, hubId);
    if (known === undefined || known.url === null) return false;
    await setTrust(this.#db, hubId, "approved", Date.now());
    await this.#hubsChanged(hubId);
    return true;
  }

  async remove(hubId: string): Promise<boolean> {
    const known = await getHub(this.#db, hubId);
    if (known === undefined || known.trust === "removed") return false;
    const { url, known_kid } = known;
    await removeHub(this.#db, hubId, true, Date.now());
    if (url !== null) this.ctx.waitUntil(this.#tellRemoved(hubId, url, known_kid));
    await this.#hubGone(hubId);
    return true;
  }

  async left(hubId: string): Promise<void> {
    await removeHub(this.#db, hubId, false, Date.now());
    await this.#hubGone(hubId);
  }

  introduce(hubs: Introduction[]): void {
    this.ctx.waitUntil(this.#meet(hubs));
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
    const now = Date.now();
    const { hub_id, overall_status } = summary;
    if (now - (this.#heardAt.get(hub_id) ?? 0) < HEARD_GAP_MS) return;
    if (this.#heardAt.size > MAX_HEARD) this.#heardAt.clear();
    this.#heardAt.set(hub_id, now);
    const known = await getHub(this.#db, hub_id);
    if (known === undefined && (await listHubs(this.#db, ["heard"])).length >= MAX_HUBS) return;
    if (known !== undefined && known.trust !== "heard") return; // it tells of itself, which is worth more
    await saveHeardHub(this.#db, summary, now);
    const saved = await getHub(this.#db, hub_id);
    if (saved === undefined) return;
    const hub = toPeer(saved, this.#settings.FEDERATION_INTERVAL, now);
    const news: FederationNews[] = known === undefined ? [{ type: "hub", hub }] : [];
    if (known?.overall_status !== overall_status) news.push({ type: "summary", hub_id, overall_status });
    this.announce(news);
  }

  async tick(): Promise<void> {
    const now = Date.now();
    const overdue = now - this.#settings.FEDERATION_INTERVAL * 1_000;
    const approved = await listHubs(this.#db, ["approved"]);
    this.#approved = approved.map(({ hub_id }) => hub_id);
    await boardOf(this.env).setPeers(approved.length);
    for (const { hub_id, next_sync_at } of approved) {
      if ((next_sync_at ?? 0) <= overdue) await peerLinkOf(this.env, hub_id).wake(hub_id);
    }
    await this.#joinPeers();
  }

  override async alarm(): Promise<void> {
    await this.#joinPeers();
  }

  override async fetch(request: Request): Promise<Response> {
    const since = new URL(request.url).searchParams.get("since");
    const { 0: client, 1: server } = new WebSocketPair();
    this.#sockets.accept(server);
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
    socket.close(code === 1005 || code === 1006 ? 1000 : code); // these two must not be sent
  }

  async #snapshot(): Promise<FederationFrame> {
    const now = Date.now();
    const rows = await listHubs(this.#db);
    const hubs = rows.map((row) => toPeer(row, this.#settings.FEDERATION_INTERVAL, now));
    return { type: "snapshot", seq: this.#ring.last, at: new Date(now).toISOString(), hubs };
  }

  async #own(): Promise<HubDocument> {
    const own = await this.document();
    if (own === null) throw new JoinRefused(403, "this hub takes part in no federation: HUB_URL is not set");
    return own;
  }

  #joinDeps(own: HubDocument) {
    const now = () => Date.now();
    return {
      now,
      own,
      token: this.#settings.FEDERATION_TOKEN,
      documentAt: (url: string) => readDocument(url, this.#settings.ALLOW_PRIVATE_TARGETS),
      known: async (hubId: string) => {
        const row = await getHub(this.#db, hubId);
        return row === undefined || row.trust === "heard" ? undefined : row;
      },
      counts: () => countHubs(this.#db),
      save: (hub: HubDocument, fields: Parameters<typeof saveHub>[2]) => saveHub(this.#db, hub, fields, now()),
    };
  }

  async #verify(request: ArrivedRequest, keys: readonly PublicKey[]): Promise<{ kid: string; nonce: string }> {
    const arrived = { ...request, headers: new Headers(request.headers) };
    const keyOf = async (kid: string) => {
      const key = keys.find((each) => each.kid === kid);
      return key === undefined ? null : await importPublicKey(key);
    };
    const signed = await verifyRequest(arrived, keyOf, Date.now());
    const used = this.#nonces.use(signed.nonce, Date.now());
    if (used === "used") throw new SignatureRefused("the request was sent before");
    if (used === "full") throw new JoinRefused(429, "too many registrations");
    return signed;
  }

  #refuseTooManyProofs(): void {
    const since = Date.now() - MINUTE_MS;
    this.#wrongProofs = this.#wrongProofs.filter((at) => at > since);
    if (this.#wrongProofs.length >= MAX_WRONG_PROOFS) throw new JoinRefused(429, "too many wrong join tokens; wait");
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
    this.announce([{ type: "hub", hub: toPeer(row, this.#settings.FEDERATION_INTERVAL, Date.now()) }]);
    if (row.trust === "approved") await peerLinkOf(this.env, hubId).wake(hubId);
    await this.#pushToAll({ flips: [], changed: true });
  }

  async #hubGone(hubId: string): Promise<void> {
    this.#approved = null;
    await boardOf(this.env).setPeers((await this.#approvedHubs()).length);
    await peerLinkOf(this.env, hubId).forget();
    this.announce([{ type: "hub_removed", hub_id: hubId }]);
  }

  async #tellRemoved(hubId: string, url: string, knownKid: string | null): Promise<void> {
    try {
      await sendLeave(url, this.#settings.HUB_ID, {
        allowPrivate: this.#settings.ALLOW_PRIVATE_TARGETS,
        timeoutMs: REQUEST_MS,
        sign: async (request) => (await this.#identity.sign(request, knownKid, Date.now())).headers,
      });
    } catch (error) {
      log("info", "federation.leave_not_told", { hub: hubId, error: errorText(error) });
    }
  }

  /** Joins hubs that another hub introduced. */
  async #meet(hubs: readonly Introduction[]): Promise<void> {
    const now = Date.now();
    for (const { hub_id, url } of hubs) {
      if (hub_id === this.#settings.HUB_ID || (this.#introduced.get(hub_id) ?? 0) > now) continue;
      this.#introduced.set(hub_id, now + INTRODUCTION_RETRY_MS);
      const known = await getHub(this.#db, hub_id);
      if (known !== undefined && known.trust !== "heard") continue;
      const joined = await this.join(url, "introduced");
      if (!joined.ok) log("info", "federation.introduction_failed", { hub: hub_id, url, reason: joined.words });
    }
  }

  async #joinPeers(): Promise<void> {
    const next = await this.#peers.joinAll();
    if (next !== null) await this.ctx.storage.setAlarm(Math.max(next, Date.now() + MIN_ALARM_GAP_MS));
  }

  #tellNats(peer: Peer): void {
    if (this.#settings.NATS_URL === undefined) return;
    const told = bridgeOf(this.env).peerChanged(peer);
    this.ctx.waitUntil(told.catch((error) => log("warn", "federation.bridge_failed", { error: errorText(error) })));
  }
}

async function refusable<T>(work: () => Promise<T>): Promise<Refusable<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    if (error instanceof JoinRefused) return { ok: false, status: error.status, words: error.message };
    if (error instanceof SignatureRefused) return { ok: false, status: 401, words: error.message };
    return { ok: false, status: 400, words: error instanceof Error ? error.message : String(error) };
  }
}
