/**
 * The link to one other hub: pulls its registry, pushes flips to it, and judges its health. Each hub has a link of its
 * own, so a hub that is slow, hangs or sends garbage delays nobody else. What lasts is in the database; here are only
 * the nonces and the alarm.
 */

import { DurableObject } from "cloudflare:workers";
import type { FederationEvents, KnownKey, PublicKey, PushedFlip, SyncPage } from "../../core/federation/federation.ts";
import { afterPull, type PullResult, pullTimeout } from "../../core/federation/peer-health.ts";
import { type RemoteState, remoteFlips, toPeer } from "../../core/federation/peer-view.ts";
import { ProtocolError } from "../../core/federation/replication.ts";
import { parseSettings, type Settings } from "../../core/hub/settings.ts";
import type { Clock } from "../../core/time/clock.ts";
import { PROTOCOL_ERROR_MS, PUSH_COUNTS_MS } from "../../core/time/durations.ts";
import { messageOf } from "../../core/values/error-message.ts";
import { HubUnreachable } from "../../federation/hub-fetch.ts";
import { importPublicKey, validKeys } from "../../federation/keys.ts";
import { isUsable, keyToTryNext, withListed } from "../../federation/known-keys.ts";
import { askForChanges, type PeerRequestDeps, sendEvents } from "../../federation/peer-requests.ts";
import { pull } from "../../federation/pull.ts";
import { UnreadServices } from "../../federation/unread-services.ts";
import type { Bindings, FederationNews, PeerLinkRpc } from "../../platform/bindings.ts";
import { errorText, log } from "../../platform/log.ts";
import { federationOf } from "../../platform/object-stubs.ts";
import { internetFetch } from "../../platform/services.ts";
import { type Db, openDatabase } from "../../store/database.ts";
import { cursorOf, getHub, saveKeys, saveKnownKid, saveSync } from "../../store/federation/hubs.ts";
import { copiesOf, forgetPushes, takeFlips, takePage } from "../../store/federation/remote-services.ts";
import type { HubRow } from "../../store/tables/federation-tables.ts";
import { Nonces } from "./nonces.ts";

/** Flips that wait while a push is under way. A pull brings those that are dropped. */
const MAX_WAITING = 500;

interface Waiting {
  flips: PushedFlip[];
  changed: boolean;
}

export class PeerLink extends DurableObject<Bindings> implements PeerLinkRpc {
  readonly #clock: Clock;
  readonly #settings: Settings;
  readonly #db: Db;
  readonly #nonces: Nonces;
  readonly #unread = new UnreadServices();
  #pulling: Promise<void> | null = null;
  #pullAgain = false;
  #pushing = false;
  #waiting: Waiting = { flips: [], changed: false };

  constructor(ctx: DurableObjectState, env: Bindings, clock: Clock) {
    super(ctx, env);
    this.#clock = clock;
    this.#settings = parseSettings(env);
    this.#db = openDatabase(env.DB);
    this.#nonces = new Nonces(ctx.storage);
  }

  async wake(hubId: string): Promise<void> {
    await this.ctx.storage.put("hub_id", hubId);
    // An eviction may end the pull before it has set the time of the next one.
    if ((await this.ctx.storage.getAlarm()) === null) await this.#pullAfter(this.#intervalMs);
    this.ctx.waitUntil(this.#pullOnce(hubId));
  }

  async push(hubId: string, { flips, changed }: Waiting): Promise<void> {
    this.#waiting = {
      flips: [...this.#waiting.flips, ...flips].slice(-MAX_WAITING),
      changed: this.#waiting.changed || changed,
    };
    if (!this.#pushing) this.ctx.waitUntil(this.#pushAll(hubId));
  }

  noteNonce(nonce: string): "new" | "used" | "full" {
    return this.#nonces.use(nonce, this.#clock.now());
  }

  async take(hubId: string, events: FederationEvents, kid: string): Promise<void> {
    const now = this.#clock.now();
    if (events.keys !== undefined) await this.#takeKeys(hubId, events.keys, kid);
    if (events.flips.length > 0) {
      const ids = events.flips.map(({ service_id }) => service_id);
      const known = await copiesOf(this.#db, hubId, ids);
      await takeFlips(this.#db, hubId, events.flips, now);
      const told = events.flips.map((flip) => ({ ...flip, status: flip.to, flip_seq: flip.seq }));
      await this.#announce(remoteNews(hubId, known, told));
    }
    if (events.changed) await this.wake(hubId);
  }

  async #takeKeys(hubId: string, listed: readonly PublicKey[], signer: string): Promise<void> {
    const now = this.#clock.now();
    const row = await getHub(this.#db, hubId);
    const keys = await validKeys(listed, now);
    if (row !== undefined && keys.length > 0) await saveKeys(this.#db, hubId, withListed(row.keys, keys, signer), now);
  }

  async forget(): Promise<void> {
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.delete("hub_id");
  }

  override async alarm(): Promise<void> {
    const hubId = await this.ctx.storage.get<string>("hub_id");
    if (hubId !== undefined) await this.#pullOnce(hubId);
  }

  /** One pull at a time. What happened while one was under way needs another one after it. */
  async #pullOnce(hubId: string): Promise<void> {
    if (this.#pulling !== null) {
      this.#pullAgain = true;
      return await this.#pulling;
    }
    this.#pulling = this.#pullWhileAsked(hubId)
      .catch((error) => log("error", "federation.pull_failed", { hub: hubId, error: errorText(error) }))
      .finally(() => {
        this.#pulling = null;
      });
    await this.#pulling;
  }

  async #pullWhileAsked(hubId: string): Promise<void> {
    do {
      this.#pullAgain = false;
      await this.#pull(hubId);
    } while (this.#pullAgain);
  }

  async #pull(hubId: string): Promise<void> {
    const row = await getHub(this.#db, hubId).catch(() => null);
    if (row === null) return await this.#pullAfter(this.#intervalMs); // the database is away
    if (row === undefined || row.trust !== "approved" || row.url === null) return await this.forget();
    const at = this.#clock.now();
    let result: PullResult = { at, latency_ms: null, error: null };
    let brokeProtocol = false;
    try {
      await this.#tellKeys(row, row.url);
      const pulled = await this.#pullFrom(row, row.url);
      result = { ...result, latency_ms: pulled.latency_ms };
      if (pulled.hubs.length > 0) await federationOf(this.env).introduce(pulled.hubs);
    } catch (error) {
      brokeProtocol = error instanceof ProtocolError;
      result = { ...result, error: messageOf(error) };
      log("warn", "federation.pull_refused", { hub: hubId, error: result.error });
      if (error instanceof HubUnreachable && error.status === 401) await this.#tryOtherKey(hubId);
    }
    await this.#judge(row, result, brokeProtocol);
  }

  async #pullFrom(row: HubRow, url: string) {
    const { hub_id } = row;
    return await pull(hub_id, cursorOf(row), row.service_count, {
      now: this.#clock.now,
      ask: (query) => askForChanges(url, query, this.#requests(row)),
      take: async (page, after) => {
        this.#unread.take(page);
        const known = await this.#knownOf(hub_id, page);
        const stored = await takePage(this.#db, hub_id, page, after);
        const told = page.services.map((service) => ({
          service_id: service.id,
          project: service.project,
          name: service.name,
          status: service.status,
          flip_seq: service.flip_seq,
          at: service.status_since,
          reason: null,
        }));
        await this.#announce(remoteNews(hub_id, known, told));
        return stored;
      },
      settle: () => forgetPushes(this.#db, hub_id, this.#clock.now() - PUSH_COUNTS_MS),
    });
  }

  /** A first copy is no news. */
  async #knownOf(hubId: string, page: SyncPage): Promise<RemoteState[]> {
    const ids = page.services.map(({ id }) => id);
    return ids.length === 0 ? [] : await copiesOf(this.#db, hubId, ids);
  }

  /** Judges the hub by the pull, stores the result and sets the time of the next pull. */
  async #judge(row: HubRow, result: PullResult, brokeProtocol: boolean): Promise<void> {
    const { hub_id } = row;
    const interval = this.#settings.FEDERATION_INTERVAL;
    const { monitor, flip, next_at } = afterPull(row.monitor, result, interval, Math.random());
    const next = brokeProtocol ? result.at + PROTOCOL_ERROR_MS : next_at;
    await this.#pullAfter(next - this.#clock.now()); // before anything is stored, so that no eviction ends the pulls
    await saveSync(this.#db, hub_id, {
      monitor,
      status: monitor.status,
      status_since: monitor.since,
      flip,
      error: result.error ?? this.#unread.words(),
      latency_ms: result.latency_ms,
      heard_at: result.error === null ? result.at : null,
      next_sync_at: next,
    });
    const after = await getHub(this.#db, hub_id);
    if (after === undefined) return;
    const peer = toPeer(after, interval, this.#clock.now());
    const news: FederationNews[] = flip === null && row.last_heard_at !== null ? [] : [{ type: "hub", hub: peer }];
    if (after.overall_status !== row.overall_status) {
      news.push({ type: "summary", hub_id, overall_status: peer.overall_status });
    }
    await this.#announce(news);
  }

  async #pushAll(hubId: string): Promise<void> {
    this.#pushing = true;
    try {
      const row = await getHub(this.#db, hubId);
      if (row === undefined || row.trust !== "approved" || row.url === null) return;
      while (this.#waiting.flips.length > 0 || this.#waiting.changed) {
        const news = this.#waiting;
        this.#waiting = { flips: [], changed: false };
        await sendEvents(row.url, { hub_id: this.#settings.HUB_ID, ...news }, this.#requests(row));
      }
    } catch (error) {
      this.#waiting = { flips: [], changed: false }; // the next pull of the other hub brings them
      log("info", "federation.push_failed", { hub: hubId, error: errorText(error) });
    } finally {
      this.#pushing = false;
    }
  }

  /** A hub learns of a new key by a request that is signed with a key that it knows. */
  async #tellKeys(row: HubRow, url: string): Promise<void> {
    const own = await federationOf(this.env).document();
    const newest = own?.keys[0]?.kid;
    if (own === null || newest === undefined || newest === row.known_kid) return;
    const events = { hub_id: own.hub_id, flips: [], changed: false };
    await sendEvents(url, { ...events, keys: own.keys }, this.#requests(row));
    await sendEvents(url, events, this.#requests({ ...row, known_kid: newest })); // a key counts when it was used
    await saveKnownKid(this.#db, row.hub_id, newest);
  }

  /** The hub may have lost what it knew of the newest key. The next pull tells it again, signed with an earlier one. */
  async #tryOtherKey(hubId: string): Promise<void> {
    const [row, own] = await Promise.all([getHub(this.#db, hubId), federationOf(this.env).document()]);
    if (row === undefined || own === null) return;
    const kid = keyToTryNext(own.keys, row.known_kid);
    if (kid !== null && kid !== row.known_kid) await saveKnownKid(this.#db, hubId, kid);
  }

  #requests(row: HubRow): PeerRequestDeps {
    return {
      now: this.#clock.now,
      allowPrivate: this.#settings.ALLOW_PRIVATE_TARGETS,
      fetch: internetFetch(this.env),
      timeoutMs: pullTimeout(this.#settings.FEDERATION_INTERVAL) * 1_000,
      sign: async (request) => federationOf(this.env).sign(request, row.known_kid),
      keyOf: async (kid) => await this.#keyOf(row, kid),
    };
  }

  /** The hub may have told of a new key, and used it, since its row was read. */
  async #keyOf(row: HubRow, kid: string): Promise<CryptoKey | null> {
    const isKey = (key: KnownKey) => key.kid === kid && isUsable(key, this.#clock.now());
    const known = row.keys.find(isKey) ?? (await getHub(this.#db, row.hub_id))?.keys.find(isKey);
    return known === undefined ? null : await importPublicKey(known);
  }

  async #announce(news: FederationNews[]): Promise<void> {
    if (news.length > 0) await federationOf(this.env).announce(news);
  }

  get #intervalMs(): number {
    return this.#settings.FEDERATION_INTERVAL * 1_000;
  }

  async #pullAfter(ms: number): Promise<void> {
    await this.ctx.storage.setAlarm(this.#clock.platformTime(this.#clock.now() + Math.max(0, ms)));
  }
}

function remoteNews(
  hubId: string,
  known: readonly RemoteState[],
  told: readonly (RemoteState & { at: string; reason: string | null })[],
): FederationNews[] {
  return remoteFlips(hubId, known, told).map((flip) => ({ type: "remote_flip", ...flip }));
}
