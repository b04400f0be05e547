/** How two hubs come to know each other: one registers with the other, and each checks the other in one exchange. */
import {
  type HubDocument,
  type HubSource,
  type Joined,
  type JoinReason,
  MAX_HUBS,
  type PublicKey,
  type Registration,
  type RegistrationAnswer,
  refusedProtocol,
  type Trust,
} from "../core/federation.ts";
import { isJoinProof, joinProof } from "./join-proof.ts";
import { validKeys } from "./keys.ts";

/** Hubs that wait for an admin. Strangers must not be able to fill the list. */
const MAX_PENDING = 20;

/** What a hub has stored of another one. */
export interface KnownHub {
  trust: Trust;
  keys: PublicKey[];
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
  /** What this hub says of itself. */
  own: HubDocument;
  /** The join token; undefined: an admin approves. */
  token: string | undefined;
  /** Reads what the hub at the address says of itself. Throws when there is no hub. */
  documentAt(url: string): Promise<HubDocument>;
  known(hubId: string): Promise<KnownHub | undefined>;
  counts(): Promise<{ all: number; pending: number }>;
  save(hub: HubDocument, fields: { source: HubSource; trust: Trust; known_kid: string }): Promise<void>;
}

export interface RegisterDeps extends CommonDeps {
  /** Returns who signed the request, when it is one of these keys. Throws otherwise. */
  verify(keys: readonly PublicKey[]): Promise<{ kid: string; nonce: string }>;
  /** Notes a wrong proof. Throws a JoinRefused when there were too many. */
  wrongProof(): void;
}

/** Answers a hub that registers here. Throws a JoinRefused, or what `verify` throws. */
export async function register(registration: Registration, deps: RegisterDeps): Promise<RegistrationAnswer> {
  const { hub_id, url, proof } = registration;
  if (hub_id === deps.own.hub_id) throw new JoinRefused(409, `the hub_id ${hub_id} is this hub's own`);
  const otherVersion = refusedProtocol(registration.protocol);
  if (otherVersion !== null) throw new JoinRefused(400, otherVersion);
  const document = await checkedDocument(url, deps);
  if (document.hub_id !== hub_id) throw new JoinRefused(400, `at ${url} there is the hub ${document.hub_id}`);
  const { kid, nonce } = await deps.verify(document.keys);
  const known = await deps.known(hub_id);
  refuseOtherKey(known, kid);
  const parts = { from: hub_id, to: deps.own.hub_id, kid, nonce };
  const proven = await isProven(proof, parts, deps);
  const trust = trustOf(known, proven);
  if (known === undefined) await refuseTooMany(trust, deps);
  const [key] = deps.own.keys;
  if (key === undefined) throw new Error("this hub has no key");
  await deps.save(document, { source: "registered", trust, known_kid: key.kid });
  const answer = { trust, hub: deps.own };
  if (!proven || deps.token === undefined) return answer;
  const own = { from: deps.own.hub_id, to: hub_id, kid: key.kid, nonce };
  return { ...answer, proof: await joinProof(deps.token, own) };
}

export interface JoinDeps extends CommonDeps {
  nonce: string;
  /** Registers with the other hub, signed. */
  send(url: string, registration: Registration): Promise<RegistrationAnswer>;
}

/**
 * Registers this hub with another one. Who names the address approves the hub that is there; a hub that was introduced
 * by another one needs the join token too. A hub that was removed comes back when an admin asks for it. Throws when it
 * can't be done.
 */
export async function join(url: string, reason: JoinReason, deps: JoinDeps): Promise<Joined> {
  const document = await checkedDocument(url, deps);
  const { hub_id } = document;
  if (hub_id === deps.own.hub_id) throw new JoinRefused(409, `at ${url} there is this hub itself`);
  const known = await deps.known(hub_id);
  if (known?.trust === "removed" && reason !== "asked") throw new JoinRefused(409, `${hub_id} was removed`);
  if (known !== undefined && known.keys.length > 0 && !sharesKey(known.keys, document.keys)) {
    throw new JoinRefused(409, `${hub_id} has other keys than before; remove it first if that is right`);
  }
  if (known === undefined) await refuseTooMany("approved", deps);
  const [key] = deps.own.keys;
  if (key === undefined) throw new Error("this hub has no key");
  const { protocol, url: ownUrl, hub_id: from } = deps.own;
  const parts = { from, to: hub_id, kid: key.kid, nonce: deps.nonce };
  const proof = deps.token === undefined ? {} : { proof: await joinProof(deps.token, parts) };
  const answer = await deps.send(document.url, { hub_id: from, url: ownUrl, protocol, ...proof });
  if (answer.hub.hub_id !== hub_id) throw new JoinRefused(400, `the answer is of the hub ${answer.hub.hub_id}`);
  const back = { from: hub_id, to: from, kid: document.keys[0]?.kid ?? "", nonce: deps.nonce };
  const proven = deps.token !== undefined && (await isJoinProof(deps.token, back, answer.proof ?? ""));
  const source = reason === "introduced" ? "introduced" : "registered";
  const trust = source === "registered" || proven || known?.trust === "approved" ? "approved" : "pending";
  await deps.save(document, { source, trust, known_kid: key.kid });
  return { hub_id, trust, there: answer.trust };
}

/** The document at the address, which must be the address that the hub itself names. */
async function checkedDocument(url: string, deps: CommonDeps): Promise<HubDocument> {
  const first = await deps.documentAt(url);
  const document = sameUrl(first.url, url) ? first : await deps.documentAt(first.url);
  if (document.hub_id !== first.hub_id || !sameUrl(document.url, first.url)) {
    throw new JoinRefused(400, `the hub at ${url} names an address of another hub`);
  }
  const otherVersion = refusedProtocol(document.protocol);
  if (otherVersion !== null) throw new JoinRefused(400, otherVersion);
  const keys = await validKeys(document.keys, deps.now());
  if (keys.length === 0) throw new JoinRefused(400, `the hub at ${url} has no valid key`);
  return { ...document, keys, url: withoutSlash(document.url) };
}

/** Who has taken over a hub's address must not take over its place. */
function refuseOtherKey(known: KnownHub | undefined, kid: string): void {
  if (known === undefined || known.keys.length === 0) return;
  if (known.keys.some((key) => key.kid === kid)) return;
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

/** A hub that an admin removed comes back through an admin only. */
function trustOf(known: KnownHub | undefined, proven: boolean): "approved" | "pending" {
  if (known?.trust === "approved") return "approved";
  return proven && known?.trust !== "removed" ? "approved" : "pending";
}

async function refuseTooMany(trust: "approved" | "pending", deps: CommonDeps): Promise<void> {
  const { all, pending } = await deps.counts();
  if (all >= MAX_HUBS) throw new JoinRefused(403, `this hub knows ${MAX_HUBS} hubs, which is the most`);
  if (trust === "pending" && pending >= MAX_PENDING) {
    throw new JoinRefused(429, "too many hubs wait for approval here");
  }
}

function sharesKey(some: readonly PublicKey[], others: readonly PublicKey[]): boolean {
  return some.some(({ kid }) => others.some((other) => other.kid === kid));
}

export function withoutSlash(url: string): string {
  return url.replace(/\/+$/, "");
}

function sameUrl(one: string, other: string): boolean {
  return withoutSlash(one) === withoutSlash(other);
}
