/** The requests of this hub to another one. Both the request and the answer are signed, and checked. */
import {
  type FederationEvents,
  type HubDocument,
  hubDocumentSchema,
  type ReadPage,
  type Registration,
  type RegistrationAnswer,
  readPageSchema,
  refusedProtocol,
  registrationAnswerSchema,
} from "../core/federation/federation.ts";
import { ProtocolError, type SyncQuery } from "../core/federation/replication.ts";
import { type HubAnswer, type HubRequest, HubUnreachable, hubFetch, parseAnswer } from "./hub-fetch.ts";
import { keyOfList } from "./keys.ts";
import { type KeyOf, SignatureRefused, verifyAnswer } from "./signatures.ts";

/** A page ends near 200,000 characters. One character may take three bytes. */
const MAX_PAGE_BYTES = 1_000_000;
const MAX_DOCUMENT_BYTES = 64_000;

export interface RequestDeps extends Pick<HubRequest, "allowPrivate" | "fetch"> {
  /** Unix ms. */
  now(): number;
  /** Milliseconds until the whole answer must be there. */
  timeoutMs: number;
  sign(request: { method: string; url: string; body: string | null }): Promise<Record<string, string>>;
}

/** Requests to a hub whose keys are known. */
export interface PeerRequestDeps extends RequestDeps {
  /** The keys of the hub that count. */
  keyOf: KeyOf;
}

/** The document of a hub, and the key that signed it. */
export interface SignedDocument {
  document: HubDocument;
  kid: string;
}

/** The document must be signed with a key that it lists. Throws a HubUnreachable or a ProtocolError. */
export async function readDocument(url: string, deps: RequestDeps): Promise<SignedDocument> {
  const asked = { method: "GET", url: `${withoutSlash(url)}/.well-known/hub`, body: null } as const;
  const headers = await deps.sign(asked);
  const answer = await fetched(asked, headers, MAX_DOCUMENT_BYTES, deps);
  const document = checked(hubDocumentSchema, answer.text);
  const otherVersion = refusedProtocol(document.protocol);
  if (otherVersion !== null) throw new ProtocolError(otherVersion);
  const sent = { ...asked, headers: new Headers(headers) };
  return { document, kid: await signerOf(answer, sent, keyOfList(document.keys), deps.now()) };
}

/** Returns null when nothing changed. */
export async function askForChanges(hubUrl: string, query: SyncQuery, deps: PeerRequestDeps): Promise<ReadPage | null> {
  const { epoch, since, head, mark, copying } = query;
  const parameters = new URLSearchParams({ since: String(since) });
  if (head !== since) parameters.set("head", String(head));
  if (epoch !== null) parameters.set("epoch", epoch);
  if (mark !== null) parameters.set("mark", mark);
  if (copying) parameters.set("copying", "true");
  const { status, text } = await signed("GET", `${hubUrl}/api/federation/sync?${parameters}`, null, deps);
  return status === 204 ? null : checked(readPageSchema, text);
}

export async function sendEvents(hubUrl: string, events: FederationEvents, deps: PeerRequestDeps): Promise<void> {
  await signed("POST", `${hubUrl}/api/federation/events`, JSON.stringify(events), deps);
}

export async function sendRegistration(
  hubUrl: string,
  registration: Registration,
  deps: PeerRequestDeps,
): Promise<RegistrationAnswer> {
  const body = JSON.stringify(registration);
  const { text } = await signed("POST", `${hubUrl}/api/federation/register`, body, deps);
  return checked(registrationAnswerSchema, text);
}

/** Tells the hub that it was removed here. */
export async function sendLeave(hubUrl: string, hubId: string, deps: PeerRequestDeps): Promise<void> {
  await signed("POST", `${hubUrl}/api/federation/leave`, JSON.stringify({ hub_id: hubId }), deps);
}

interface Asked {
  method: "GET" | "POST";
  url: string;
  body: string | null;
}

async function signed(method: Asked["method"], url: string, body: string | null, deps: PeerRequestDeps) {
  const asked = { method, url, body };
  const headers = await deps.sign(asked);
  const answer = await fetched(asked, headers, MAX_PAGE_BYTES, deps);
  await signerOf(answer, { ...asked, headers: new Headers(headers) }, deps.keyOf, deps.now());
  return answer;
}

async function fetched(
  asked: Asked,
  headers: Record<string, string>,
  maxBytes: number,
  { allowPrivate, timeoutMs, fetch }: RequestDeps,
): Promise<HubAnswer> {
  try {
    return await hubFetch({ ...asked, headers, maxBytes, timeoutMs, allowPrivate, fetch });
  } catch (error) {
    // A proxy or another name may stand between: then both hubs must see which address was meant.
    if (!(error instanceof HubUnreachable) || !/signature/.test(error.message)) throw error;
    throw new HubUnreachable(`${error.message} (signed for ${asked.url})`, error.status);
  }
}

async function signerOf(
  { status, text, headers }: HubAnswer,
  asked: Parameters<typeof verifyAnswer>[1],
  keyOf: KeyOf,
  now: number,
): Promise<string> {
  try {
    return await verifyAnswer({ status, body: text === "" ? null : text, headers }, asked, keyOf, now);
  } catch (error) {
    if (!(error instanceof SignatureRefused)) throw error;
    throw new HubUnreachable(`the answer is not believed: ${error.message}`);
  }
}

interface Schema<T> {
  safeParse(value: unknown): { success: true; data: T } | { success: false; error: { issues: Issue[] } };
}

interface Issue {
  path: PropertyKey[];
  message: string;
}

function checked<T>(schema: Schema<T>, text: string): T {
  const result = schema.safeParse(parseAnswer(text));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new ProtocolError(`the answer is not as agreed: ${issue?.path.join(".")}: ${issue?.message}`);
}

export function withoutSlash(url: string): string {
  return url.replace(/\/+$/, "");
}
