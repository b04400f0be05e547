/** What this hub asks of another one, signed and checked. */
import {
  type FederationEvents,
  type HubDocument,
  hubDocumentSchema,
  type ReadPage,
  type Registration,
  type RegistrationAnswer,
  readPageSchema,
  registrationAnswerSchema,
} from "../core/federation.ts";
import { ProtocolError, type SyncQuery } from "../core/replication.ts";
import { type HubAnswer, hubFetch, parseAnswer } from "./hub-fetch.ts";
import { withoutSlash } from "./join.ts";

/** A page ends near 200,000 characters. One character may take three bytes. */
const MAX_PAGE_BYTES = 1_000_000;
const MAX_DOCUMENT_BYTES = 64_000;
const DOCUMENT_MS = 5_000;

export interface RequestDeps {
  allowPrivate: boolean;
  /** Milliseconds until the whole answer must be there. */
  timeoutMs: number;
  sign(request: { method: string; url: string; body: string | null }): Promise<Record<string, string>>;
}

/** Throws a HubUnreachable or a ProtocolError. */
export async function readDocument(url: string, allowPrivate: boolean): Promise<HubDocument> {
  const at = `${withoutSlash(url)}/.well-known/hub`;
  const limits = { maxBytes: MAX_DOCUMENT_BYTES, timeoutMs: DOCUMENT_MS, allowPrivate };
  const { text } = await hubFetch({ method: "GET", url: at, ...limits });
  return checked(hubDocumentSchema, text);
}

/** Returns null when nothing changed. */
export async function askForChanges(hubUrl: string, query: SyncQuery, deps: RequestDeps): Promise<ReadPage | null> {
  const { epoch, since, head, mark, copying } = query;
  const parameters = new URLSearchParams({ since: String(since) });
  if (head !== since) parameters.set("head", String(head));
  if (epoch !== null) parameters.set("epoch", epoch);
  if (mark !== null) parameters.set("mark", mark);
  if (copying) parameters.set("copying", "true");
  const { status, text } = await signed("GET", `${hubUrl}/api/federation/sync?${parameters}`, null, deps);
  return status === 204 ? null : checked(readPageSchema, text);
}

export async function sendEvents(hubUrl: string, events: FederationEvents, deps: RequestDeps): Promise<void> {
  await signed("POST", `${hubUrl}/api/federation/events`, JSON.stringify(events), deps);
}

export async function sendRegistration(
  hubUrl: string,
  registration: Registration,
  deps: RequestDeps,
): Promise<RegistrationAnswer> {
  const body = JSON.stringify(registration);
  const { text } = await signed("POST", `${hubUrl}/api/federation/register`, body, deps);
  return checked(registrationAnswerSchema, text);
}

/** Tells the hub that it was removed here. */
export async function sendLeave(hubUrl: string, hubId: string, deps: RequestDeps): Promise<void> {
  await signed("POST", `${hubUrl}/api/federation/leave`, JSON.stringify({ hub_id: hubId }), deps);
}

async function signed(
  method: "GET" | "POST",
  url: string,
  body: string | null,
  { sign, allowPrivate, timeoutMs }: RequestDeps,
): Promise<HubAnswer> {
  const headers = await sign({ method, url, body });
  return await hubFetch({ method, url, headers, body, maxBytes: MAX_PAGE_BYTES, timeoutMs, allowPrivate });
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
