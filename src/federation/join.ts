/**
 * How two hubs come to know each other: one registers with the other, and each checks the other in one exchange. Nobody is
 * believed what is not signed with a key of the hub that it is about, and only the key that signed is kept.
 */
import {
  type HubDocument,
  type HubSource,
  type Joined,
  type JoinReason,
  type KnownKey,
  MAX_HUBS,
  type PublicKey,
  type Registration,
  type RegistrationAnswer,
  refusedProtocol,
  type Trust,
} from "../core/federation/federation.ts";
import { isJoinProof, joinProof } from "./join-proof.ts";
import { validKeys } from "./keys.ts";
import { isUsable } from "./known-keys.ts";
import { type SignedDocument, withoutSlash } from "./peer-requests.ts";

/** Hubs that wait for an admin, in all and from one address. Strangers must not be able to fill the list. */
const MAX_PENDING = 20;
const MAX_PENDING_OF_ADDRESS = 3;

/** The row that a hub has of another one. */
export interface KnownHub {
  trust: Trust;
  keys: KnownKey[];
}

/** Why a hub is not taken in. `status`: the HTTP status that says so. */
export class JoinRefused extends Error {
  override name = "JoinRefused";
  readonly status: 400 | 401 | 403 | 409 | 429;

  constructor(status: JoinRefused["status"], words: string) {
    super(words);
    this.status = status;
  }
}

interface CommonDeps {
  /** Unix ms. */
  now(): number;
  /** The document of this hub. */
  own: HubDocument;
  /** The join token; undefined: an admin approves. */
  token: string | undefined;
  /** Reads what the hub at the address says of itself. Throws when there is no hub. */
  documentAt(url: string): Promise<SignedDocument>;
  known(hubId: string): Promise<KnownHub | undefined>;
  /** Returns the id of the hub that has used the key; undefined: none has. */
  ownerOf(kid: string): Promise<string | undefined>;
  counts(): Promise<PendingCounts>;
  /** `keys`: those that count. */
  save(
    hub: Omit<HubDocument, "keys">,
    fields: { source: HubSource; trust: Trust; known_kid: string; keys: KnownKey[] },
  ): Promise<void>;
}

/** Numbers of hubs that are known, of those that wait, and of those that wait and registered from the same address. */
export interface PendingCounts {
  all: number;
  pending: number;
  pending_here: number;
}

export interface RegisterDeps extends CommonDeps {
  /** Returns the nonce of the request if it is signed with this key. Throws otherwise. */
  verify(key: PublicKey): Promise<string>;
  /** Notes a wrong proof. Throws a JoinRefused when there were too many. */
  wrongProof(): void;
  /** Called before a request to an address that somebody without the join token has named. Throws a JoinRefused. */
  beforeCall(): void;
  /** Why there is no hub as it should be: for the log only, because strangers choose the address. */
  foundNothing(error: unknown): void;
}

/**
 * Answers a hub that registers here. What the request itself proves is checked first, then the hub is called at its
 * address. Throws a JoinRefused, or what `verify` throws.
 */
export async function register(registration: Registration, deps: RegisterDeps): Promise<RegistrationAnswer> {
  const { hub_id, url, proof } = registration;
  if (hub_id === deps.own.hub_id) throw new JoinRefused(409, `the hub_id ${hub_id} is this hub's own`);
  const otherVersion = refusedProtocol(registration.protocol);
  if (otherVersion !== null) throw new JoinRefused(400, otherVersion);
  const [key] = registration.key === undefined ? [] : await validKeys([registration.key], deps.now());
  if (key === undefined) throw new JoinRefused(400, "the registration names no valid key");
  const { kid } = key;
  const nonce = await deps.verify(key);
  await refuseKeyOfOther(hub_id, kid, deps);
  const proven = await isProven(proof, { from: hub_id, to: deps.own.hub_id, kid, nonce }, deps);
  const known = await deps.known(hub_id);
  refuseOtherKey(known, { kid, proven }, deps.now());
  const trust = trustOf(known, proven);
  if (known === undefined) await refuseTooMany(trust, deps);
  const document = await calledBack(hub_id, url, { kid, proven }, deps);
  const [own] = deps.own.keys;
  if (own === undefined) throw new Error("this hub has no key");
  const keys = known?.trust === "approved" ? known.keys : [key]; // it may have others that count
  await deps.save(document, { source: "registered", trust, known_kid: own.kid, keys });
  const answer = { trust, hub: deps.own };
  if (!proven || deps.token === undefined) return answer;
  const back = { from: deps.own.hub_id, to: hub_id, kid: own.kid, nonce };
  return { ...answer, proof: await joinProof(deps.token, back) };
}

/** Whoever registers must answer at its address, with the key that it registers with. */
async function calledBack(
  hubId: string,
  url: string,
  { kid, proven }: { kid: string; proven: boolean },
  deps: RegisterDeps,
): Promise<HubDocument> {
  if (!proven) deps.beforeCall();
  const found = await checkedDocument(url, deps).catch((error) => {
    if (proven) throw error;
    deps.foundNothing(error);
    throw new JoinRefused(400, "no hub answers at that address as it should");
  });
  const { document } = found;
  if (document.hub_id !== hubId) throw new JoinRefused(400, `at ${url} there is not the hub ${hubId}`);
  if (found.kid !== kid) throw new JoinRefused(400, `the hub at ${url} answers with another key`);
  return document;
}

export interface JoinDeps extends CommonDeps {
  nonce: string;
  /** Registers with the other hub, signed. Throws unless the answer is signed with the key. */
  send(url: string, registration: Registration, key: PublicKey): Promise<RegistrationAnswer>;
}

/**
 * Registers this hub with another one. Who names the address approves the hub that is there; a hub that was introduced
 * by another one needs the join token too, and must be the one that it was said to be (`expected`). A hub that was
 * removed comes back when an admin asks for it. Throws when it can't be done.
 */
export async function join(
  url: string,
  { reason, expected }: { reason: JoinReason; expected?: string | undefined },
  deps: JoinDeps,
): Promise<Joined> {
  const { document, kid } = await checkedDocument(url, deps);
  const { hub_id } = document;
  if (expected !== undefined && hub_id !== expected) throw new JoinRefused(409, `at ${url} there is the hub ${hub_id}`);
  const known = await deps.known(hub_id);
  await refuseJoin({ url, hubId: hub_id, kid, reason }, known, deps);
  const [own] = deps.own.keys;
  const key = document.keys.find((each) => each.kid === kid);
  if (own === undefined || key === undefined) throw new Error("a hub has no key");
  const { protocol, url: ownUrl, hub_id: from } = deps.own;
  const parts = { from, to: hub_id, kid: own.kid, nonce: deps.nonce };
  const proof = deps.token === undefined ? {} : { proof: await joinProof(deps.token, parts) };
  const answer = await deps.send(document.url, { hub_id: from, url: ownUrl, protocol, key: own, ...proof }, key);
  if (answer.hub.hub_id !== hub_id) throw new JoinRefused(400, `the answer is of the hub ${answer.hub.hub_id}`);
  const back = { from: hub_id, to: from, kid, nonce: deps.nonce };
  const proven = deps.token !== undefined && (await isJoinProof(deps.token, back, answer.proof ?? ""));
  const source = reason === "introduced" ? "introduced" : "registered";
  const trust = source === "registered" || proven || known?.trust === "approved" ? "approved" : "pending";
  const keys = known === undefined || known.keys.length === 0 ? [key] : known.keys;
  await deps.save(document, { source, trust, known_kid: own.kid, keys });
  return { hub_id, trust, there: answer.trust };
}

async function refuseJoin(
  { url, hubId, kid, reason }: { url: string; hubId: string; kid: string; reason: JoinReason },
  known: KnownHub | undefined,
  deps: JoinDeps,
): Promise<void> {
  if (hubId === deps.own.hub_id) throw new JoinRefused(409, `at ${url} there is this hub itself`);
  if (known !== undefined && reason === "introduced") throw new JoinRefused(409, `${hubId} is known already`);
  if (known?.trust === "removed" && reason !== "asked") throw new JoinRefused(409, `${hubId} was removed`);
  if (known !== undefined && known.keys.length > 0 && !hasKey(known.keys, kid, deps.now())) {
    throw new JoinRefused(409, `${hubId} has another key than before; remove it first if that is right`);
  }
  await refuseKeyOfOther(hubId, kid, deps);
  if (known === undefined) await refuseTooMany("approved", deps);
}

/** The document at the address, which must be the address that the hub itself names. */
async function checkedDocument(url: string, deps: CommonDeps): Promise<SignedDocument> {
  const first = await deps.documentAt(url);
  const named = first.document.url;
  const found = sameUrl(named, url) ? first : await deps.documentAt(named);
  const { document, kid } = found;
  if (document.hub_id !== first.document.hub_id || !sameUrl(document.url, named)) {
    throw new JoinRefused(400, `the hub at ${url} names an address of another hub`);
  }
  const keys = await validKeys(document.keys, deps.now());
  if (!keys.some((key) => key.kid === kid)) throw new JoinRefused(400, `the hub at ${url} answers with no valid key`);
  return { document: { ...document, keys, url: withoutSlash(document.url) }, kid };
}

async function refuseKeyOfOther(hubId: string, kid: string, deps: CommonDeps): Promise<void> {
  const owner = await deps.ownerOf(kid);
  if (owner !== undefined && owner !== hubId) throw new JoinRefused(409, `this key belongs to the hub ${owner}`);
}

/** A new owner of a hub's address must not take over the hub's place. A hub that only waits for approval has no place to lose. */
function refuseOtherKey(
  known: KnownHub | undefined,
  { kid, proven }: { kid: string; proven: boolean },
  now: number,
): void {
  if (known?.trust === "removed")
    throw new JoinRefused(403, "this hub was removed here; an admin can approve it again");
  if (known === undefined || known.keys.length === 0 || hasKey(known.keys, kid, now)) return;
  if (proven && known.trust === "pending") return;
  throw new JoinRefused(409, "this hub_id is registered with another key; an admin has to remove it first");
}

async function isProven(
  proof: string | undefined,
  parts: Parameters<typeof joinProof>[1],
  deps: RegisterDeps,
): Promise<boolean> {
  if (proof === undefined || deps.token === undefined) return false;
  if (await isJoinProof(deps.token, parts, proof)) return true;
  deps.wrongProof();
  throw new JoinRefused(401, "the join token is not the one of this hub");
}

function trustOf(known: KnownHub | undefined, proven: boolean): "approved" | "pending" {
  return known?.trust === "approved" || proven ? "approved" : "pending";
}

/** Those who wait keep nobody out who has the join token. */
async function refuseTooMany(trust: "approved" | "pending", deps: CommonDeps): Promise<void> {
  const { all, pending, pending_here } = await deps.counts();
  if (trust === "approved") {
    if (all - pending >= MAX_HUBS) throw new JoinRefused(403, `this hub knows ${MAX_HUBS} hubs, which is the most`);
  } else if (pending >= MAX_PENDING || pending_here >= MAX_PENDING_OF_ADDRESS) {
    throw new JoinRefused(429, "too many hubs wait for approval here");
  }
}

function hasKey(keys: readonly KnownKey[], kid: string, now: number): boolean {
  return keys.some((key) => key.kid === kid && isUsable(key, now));
}

function sameUrl(one: string, other: string): boolean {
  return withoutSlash(one) === withoutSlash(other);
}
