/** Honest hubs with their own objects, routes and databases, a network between them, and rogues that can take it over. */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { HubDocument, PushedFlip, SyncPage } from "../../src/core/federation/federation.ts";
import type { Status } from "../../src/core/service/records.ts";
import { importPrivateKey, type KeyPair, newKeyPair, toPublicKey } from "../../src/federation/keys.ts";
import { newNonce, signAnswer, signRequest } from "../../src/federation/signatures.ts";
import type { HubContext, HubEnv } from "../../src/http/context.ts";
import { hubToHub } from "../../src/http/federation/hub-to-hub.ts";
import { problemResponse, toProblem } from "../../src/http/problem.ts";
import { Federation } from "../../src/objects/federation/federation.ts";
import { PeerLink } from "../../src/objects/federation/peer-link.ts";
import type { Bindings } from "../../src/platform/bindings.ts";
import { getHub } from "../../src/store/federation/hubs.ts";
import { copiedServices } from "../../src/store/federation/remote-services.ts";
import { registryState } from "../../src/store/registry/registry-changes.ts";
import type { HubRow } from "../../src/store/tables/federation-tables.ts";
import { federationContext } from "../../src/worker/federation.ts";
import { NOW } from "../store/service-input.ts";
import { ObjectState } from "./objects-in-node.ts";
import { SimulatedHub } from "./simulated-hubs.ts";

/** More than any step of a history needs. */
const MOST_REQUESTS = 400;

/** That a rogue tells in one step. A pull takes in 200, which takes long. */
const MOST_PAGES = 10;

export interface Sent {
  method: string;
  url: string;
  headers: Headers;
  body: string | null;
}

interface Exchange {
  sent: Sent;
  answer: Told;
}

interface Told {
  status: number;
  body: string | null;
  headers: Record<string, string>;
}

export const urlOf = (id: string) => `https://${id}.example.com`;
const idOf = (url: string) => new URL(url).hostname.split(".")[0] ?? "";

/** Brings requests to who is at their address at the moment. */
export class Network {
  now = NOW;
  readonly honest = new Map<string, HonestHub>();
  readonly rogue = new Rogue(this);
  /** The ids of honest hubs whose addresses lead to the rogue. */
  readonly taken = new Set<string>();
  /** Pairs `from to` between which nothing arrives. */
  readonly cut = new Set<string>();
  /** What honest hubs asked, and were answered. */
  readonly heard: Exchange[] = [];
  readonly #background = new Set<Promise<unknown>>();
  #requests = 0;

  readonly background = (work: Promise<unknown>): void => {
    const noted = work.catch(() => undefined).finally(() => this.#background.delete(noted));
    this.#background.add(noted);
  };

  /** Stands in for the platform's `fetch`. */
  readonly fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const { method = "GET", body } = init;
    const sent = { method, url, headers: new Headers(init.headers), body: typeof body === "string" ? body : null };
    if (this.#requests++ > MOST_REQUESTS) throw new Error("requests without end");
    const to = idOf(url);
    if (this.cut.has(`${this.#senderOf(sent)} ${to}`)) throw new TypeError("the link is cut");
    const told = this.taken.has(to) || !this.honest.has(to) ? await this.rogue.answer(sent) : await this.deliver(sent);
    return new Response(told.body, { status: told.status, headers: told.headers });
  };

  /** Brings a request to the honest hub that it is for. */
  async deliver(sent: Sent): Promise<Told> {
    const hub = this.honest.get(idOf(sent.url));
    if (hub === undefined) throw new TypeError("nobody is there");
    const response = await hub.receive(sent);
    const text = await response.text();
    const headers = Object.fromEntries(response.headers);
    const answer = { status: response.status, body: text === "" ? null : text, headers };
    this.heard.push({ sent, answer });
    return answer;
  }

  /** Waits until nobody does anything any more. Throws when that never ends. */
  async settle(): Promise<void> {
    while (this.#background.size > 0) await Promise.all(this.#background);
    if (this.#requests > MOST_REQUESTS) throw new Error("requests without end");
    this.#requests = 0;
  }

  #senderOf({ headers }: Sent): string | undefined {
    const [, kid] = /keyid="([^"]+)"/.exec(headers.get("signature-input") ?? "") ?? [];
    return [...this.honest.values()].find((hub) => kid !== undefined && hub.kids.has(kid))?.id;
  }
}

/** A hub of this release: its objects and routes are the real ones. */
export class HonestHub {
  readonly id: string;
  readonly registry: SimulatedHub;
  /** Names of all the keys that it ever had. */
  readonly kids = new Set<string>();
  /** All that it ever said: of each service what it is, and how it is. */
  readonly said = new Set<string>();
  readonly #network: Network;
  readonly #federation: Federation;
  readonly #links = new Map<string, { link: PeerLink; state: ObjectState }>();
  readonly #app = new OpenAPIHono<HubEnv>();
  readonly #env: Bindings;

  constructor(id: string, token: string | null, network: Network) {
    this.id = id;
    this.registry = new SimulatedHub(id, 2);
    this.#network = network;
    network.honest.set(id, this);
    const named = (get: (name: string) => unknown) => ({ idFromName: (name: string) => name, get });
    this.#env = {
      HUB_ID: id,
      HUB_URL: urlOf(id),
      ...(token === null ? {} : { FEDERATION_TOKEN: token }),
      DB: this.registry.database.d1,
      LIVE_BOARD: named(() => ({ setPeers: async () => undefined })),
      FEDERATION: named(() => this.#federation),
      PEER_LINK: named((name) => this.#linkTo(name).link),
    } as unknown as Bindings; // the objects that take part
    this.#federation = new Federation(this.#newState() as never, this.#env, this.#clock);
    this.#app.use(async (c, next) => {
      c.set("hub", this.#context);
      await next();
    });
    this.#app.route("/", hubToHub);
    this.#app.onError((error, c) => problemResponse(c, toProblem(error)));
  }

  async begin(): Promise<void> {
    await this.registry.begin([]);
    await this.noteKeys();
  }

  get federation(): Federation {
    return this.#federation;
  }

  get #clock() {
    const same = (at: number) => at;
    const never = () => undefined;
    return {
      now: () => this.#network.now,
      wait: async () => {},
      every: () => never,
      platformTime: same,
      fromPlatform: same,
    };
  }

  get #context(): HubContext {
    return {
      settings: { HUB_ID: this.id, HUB_URL: urlOf(this.id) },
      db: this.registry.db,
      now: () => this.#network.now,
      requestIp: "192.0.2.1",
      live: async () => new Map(),
      audit: { note: () => undefined },
      federation: federationContext(this.#env, "192.0.2.1"),
    } as unknown as HubContext; // what these routes use
  }

  #newState(): ObjectState {
    return new ObjectState(this.#network.background);
  }

  #linkTo(hubId: string) {
    const known = this.#links.get(hubId);
    if (known !== undefined) return known;
    const state = this.#newState();
    const made = { state, link: new PeerLink(state as never, this.#env, this.#clock) };
    this.#links.set(hubId, made);
    return made;
  }

  async receive({ method, url, headers, body }: Sent): Promise<Response> {
    return await this.#app.fetch(new Request(url, { method, headers, body }));
  }

  /** What the cron does, and after it the alarms of the objects that are due still. */
  async minute(): Promise<void> {
    await this.#federation.tick();
    await this.#network.settle();
    for (const { link, state } of this.#links.values()) {
      if (state.storage.takeAlarm(this.#network.now)) this.#network.background(link.alarm());
    }
  }

  async document(): Promise<HubDocument> {
    const own = await this.#federation.document();
    if (own === null) throw new Error("an honest hub has an address");
    return own;
  }

  async noteKeys(): Promise<void> {
    for (const { kid } of (await this.document()).keys) this.kids.add(kid);
  }

  async noteSaid(): Promise<void> {
    for (const each of await this.registry.truth()) for (const part of partsOf(each)) this.said.add(part);
  }

  async rotate(): Promise<void> {
    await this.#federation.rotateKey();
    await this.noteKeys();
  }

  async rowOf(hubId: string): Promise<HubRow | undefined> {
    return await getHub(this.registry.db, hubId);
  }

  async epoch(): Promise<string> {
    return (await registryState(this.registry.db)).epoch;
  }

  async copyOf(hubId: string): Promise<string[]> {
    const rows = await copiedServices(this.registry.db, hubId);
    return rows.flatMap(({ service_id: id, name, tags, status, flip_seq }) =>
      partsOf(`${id} ${name} [${tags.join()}] ${status} ${flip_seq}`),
    );
  }

  async flip(name: string, to: Status): Promise<void> {
    const flip = await this.registry.flip(name, to);
    await this.noteSaid();
    if (flip !== null) await this.#federation.flipped([flip]);
  }
}

/** What a service is, and how it is: a push may bring the one before the other. */
function partsOf(line: string): string[] {
  const [id, name, tags, status, seq] = line.split(" ");
  return [`${id} ${name} ${tags}`, `${id} ${status} ${seq}`];
}

/** What the rogue answers and says. */
export interface Lie {
  /** Where an answer comes from. */
  way: "made" | "relayed" | "tampered" | "replayed" | "garbage" | "nothing" | "moved";
  /** As which hub it speaks. */
  as: string;
  /** Whether it answers as the hub whose address was called, instead. */
  asIfThere: boolean;
  /** Of which hub it names the address. */
  at: string;
  /** Whose keys it lists. */
  lists: "own" | "victim" | "both" | "both, the victim's first";
  /** The name that it gives to its signature. */
  signs: "own" | "other" | "borrowed" | "never";
  epoch: "new" | "true" | "older";
  mark: "made up" | "true";
  full: boolean;
  last: boolean;
  pick: number;
}

export const ROGUES = ["rogue-0", "rogue-1"];

/** Has two hubs of its own, and whatever it can take over. */
export class Rogue {
  readonly #network: Network;
  readonly keys: KeyPair[] = [];
  /** Requests that came to it instead of to an honest hub. */
  readonly #caught: Sent[] = [];
  /** Answered in this step. */
  #pages = 0;
  #lie: Lie | null = null;

  set lie(lie: Lie) {
    this.#lie = lie;
    this.#pages = 0;
  }

  constructor(network: Network) {
    this.#network = network;
  }

  async begin(): Promise<void> {
    for (const _each of ROGUES) this.keys.push(await newKeyPair(NOW));
  }

  async answer(sent: Sent): Promise<Told> {
    const { heard } = this.#network;
    this.#caught.push(sent);
    const there = idOf(sent.url);
    const lie = this.#lie?.asIfThere ? { ...this.#lie, as: there, at: there } : this.#lie;
    if (lie === null || lie.way === "nothing") throw new TypeError("nobody is there");
    if (lie.way === "garbage") return { status: 200, body: "<html>", headers: {} };
    if (lie.way === "moved") return { status: 302, body: null, headers: { location: urlOf(lie.as) } };
    if (lie.way === "replayed") {
      const path = new URL(sent.url).pathname;
      const fitting = heard.filter((each) => new URL(each.sent.url).pathname === path);
      const answer = fitting[lie.pick % Math.max(1, fitting.length)]?.answer;
      if (answer !== undefined) return answer;
    }
    if (lie.way === "relayed" || lie.way === "tampered") {
      const url = sent.url.replace(/^https:\/\/[^/]+/, urlOf(lie.at));
      const target = this.#network.honest.has(idOf(sent.url)) ? sent.url : url;
      if (this.#network.honest.has(idOf(target))) {
        const told = await this.#network.deliver({ ...sent, url: target });
        return lie.way === "relayed" ? told : { ...told, body: await this.#bodyFor(sent, lie) };
      }
    }
    return await this.#signed(sent, await this.#bodyFor(sent, lie), lie);
  }

  async #signed(sent: Sent, body: string | null, lie: Lie): Promise<Told> {
    const status = body === null ? (sent.url.includes("/sync") ? 204 : 202) : 200;
    if (lie.signs === "never") return { status, body, headers: {} };
    const headers = await signAnswer({ status, body }, sent, await this.#signer(lie), this.#network.now);
    return { status, body, headers };
  }

  async #signer({ signs, as }: Lie): Promise<{ kid: string; privateKey: CryptoKey }> {
    const pair = this.keys[(ROGUES.indexOf(as) + (signs === "other" ? 1 : 0)) % 2] ?? this.keys[0];
    if (pair === undefined) throw new Error("a rogue has keys");
    const victim = this.#network.honest.get(as);
    const borrowed = signs === "borrowed" ? (await victim?.document())?.keys[0]?.kid : undefined;
    return { kid: borrowed ?? pair.kid, privateKey: await importPrivateKey(pair) };
  }

  async document(lie: Lie): Promise<HubDocument> {
    const [any] = this.#network.honest.values();
    const victim = this.#network.honest.get(lie.as) ?? this.#network.honest.get(lie.at) ?? any;
    if (victim === undefined) throw new Error("there is a victim");
    const its = await victim.document();
    const theirs = its.keys.slice(0, 2);
    const own = this.keys.map(toPublicKey);
    const keys = {
      own,
      victim: theirs,
      both: [...own, ...theirs],
      "both, the victim's first": [...theirs, ...own],
    }[lie.lists];
    return { ...its, hub_id: lie.as, url: urlOf(lie.at), keys };
  }

  async #bodyFor({ url }: Sent, lie: Lie): Promise<string | null> {
    const { pathname } = new URL(url);
    if (pathname === "/.well-known/hub") return JSON.stringify(await this.document(lie));
    if (pathname.endsWith("/register")) {
      return JSON.stringify({ trust: "approved", hub: await this.document(lie), proof: "A".repeat(43) });
    }
    if (!pathname.endsWith("/sync") || lie.pick % 5 === 0) return null;
    return JSON.stringify(await this.#page(url, lie));
  }

  async #page(url: string, lie: Lie): Promise<SyncPage> {
    const { searchParams } = new URL(url);
    const victim = this.#network.honest.get(lie.as);
    const epochs = {
      new: `9${lie.pick}`,
      true: (await victim?.epoch()) ?? searchParams.get("epoch") ?? "1",
      older: "0",
    };
    const revision = Number(searchParams.get("since") ?? 0) + lie.pick;
    return {
      hub_id: lie.as,
      epoch: epochs[lie.epoch],
      revision,
      full: lie.full,
      services: [forgedService(1 + (lie.pick % 3), lie.pick)],
      deleted: lie.full ? [] : [1, 2, 3],
      hubs: [...this.#network.honest.keys(), ...ROGUES].map((hub_id) => ({ hub_id, url: urlOf(lie.at) })),
      next: lie.last || this.#pages++ > MOST_PAGES ? null : Math.max(0, revision - 1),
      mark: lie.mark === "true" ? (searchParams.get("mark") ?? "made.up") : "made.up",
    };
  }

  /** Registers at an honest hub as somebody. */
  async register(to: string, lie: Lie): Promise<void> {
    const { protocol, url, keys } = await this.document(lie);
    const key = keys[lie.pick % keys.length];
    const proof = lie.last ? {} : { proof: "A".repeat(43) };
    await this.#post(to, "register", { hub_id: lie.as, url, protocol, key, ...proof }, lie);
  }

  async push(to: string, lie: Lie): Promise<void> {
    const { keys } = await this.document(lie);
    const flips = [1, 2, 3].map((id) => forgedFlip(id, 1 + lie.pick, this.#network.now));
    await this.#post(to, "events", { hub_id: lie.as, flips, changed: lie.full, keys }, lie);
  }

  async leave(to: string, lie: Lie): Promise<void> {
    await this.#post(to, "leave", { hub_id: lie.as }, lie);
  }

  /** Asks for changes, and shows a mark that it made up or that somebody was given. */
  async ask(to: string, lie: Lie): Promise<void> {
    const shown = this.#network.heard
      .filter(({ sent, answer }) => idOf(sent.url) === to && sent.url.includes("/sync") && answer.status === 200)
      .map(({ answer }) => JSON.parse(answer.body ?? "") as SyncPage);
    const page = shown[lie.pick % Math.max(1, shown.length)];
    const epoch = lie.epoch === "true" ? await this.#network.honest.get(to)?.epoch() : page?.epoch;
    const mark = lie.mark === "true" && page !== undefined ? page.mark : "0123456789abcdefgh.made-up";
    const revision = lie.full && page !== undefined ? page.revision : 1_000 + lie.pick;
    const query = new URLSearchParams({ since: String(revision), head: String(revision), epoch: epoch ?? "1", mark });
    await this.#send({ method: "GET", url: `${urlOf(to)}/api/federation/sync?${query}`, body: null }, lie);
  }

  /** Sends again what an honest hub has sent before, or brings late what it has caught. */
  async resend({ pick, last }: Lie): Promise<void> {
    const known = last ? this.#caught : this.#network.heard.map(({ sent }) => sent);
    const again = known[known.length - 1 - (pick % Math.max(1, known.length))];
    if (again !== undefined && this.#network.honest.has(idOf(again.url))) await this.#network.deliver(again);
  }

  async #post(to: string, path: string, value: object, lie: Lie): Promise<void> {
    const url = `${urlOf(to)}/api/federation/${path}`;
    await this.#send({ method: "POST", url, body: JSON.stringify(value) }, lie);
  }

  async #send(request: Omit<Sent, "headers">, lie: Lie): Promise<void> {
    const key = await this.#signer(lie);
    const signed = await signRequest(request, key, { now: this.#network.now, nonce: newNonce() });
    const type: Record<string, string> = request.body === null ? {} : { "content-type": "application/json" };
    const headers = new Headers({ ...type, ...(lie.signs === "never" ? {} : signed) });
    await this.#network.deliver({ ...request, headers });
  }
}

function forgedService(id: number, pick: number): SyncPage["services"][number] {
  return {
    id,
    project: "shop",
    name: "forged",
    type: "api",
    version: null,
    address: null,
    port: null,
    tags: [`forged-${pick}`],
    capabilities: [],
    metadata: {},
    depends_on: [],
    latency_ms: null,
    status: "down",
    status_since: new Date(NOW).toISOString(),
    flip_seq: 900 + pick,
  };
}

function forgedFlip(service_id: number, pick: number, now: number): PushedFlip {
  const at = new Date(now).toISOString();
  return {
    service_id,
    seq: 900 + pick,
    from: "up",
    to: "down",
    reason: "forged",
    at,
    began_at: at,
    project: "shop",
    name: "forged",
    latency_ms: null,
  };
}
