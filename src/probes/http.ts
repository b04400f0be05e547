/** The http probe: checks the status code, the text of the body, and what a JSON body reports about its service. */
import { isAddress } from "../core/address.ts";
import { failedAssertion } from "../core/json-assertions.ts";
import { PathTooCostly } from "../core/json-path.ts";
import type { HealthOptions } from "../core/options.ts";
import { authority, parseProbedTarget, type Target } from "../core/target.ts";
import { readBounded } from "./bounded-body.ts";
import { edgeFailure } from "./edge-answers.ts";
import { readSelfReport } from "./health-json.ts";
import { requestOverSocket } from "./http-over-socket.ts";
import { refusePrivateName } from "./private-names.ts";
import { PASSED, ProbeFailure, type ProbeJob, type ProbeResult, type Protocol } from "./probe.ts";

const MAX_REDIRECTS = 5;
const MAX_BODY_BYTES = 1_048_576;
const REDIRECTS = [301, 302, 303, 307, 308];

export const httpProbe: Protocol = async (job): Promise<ProbeResult> => {
  const response = await follow(job);
  const options = job.check.health_options;
  if (!isExpected(response.status, options.expected_status)) {
    const expected = options.expected_status?.join(", ") ?? "200-299";
    const report = isJson(response) ? await readReport(response, job).catch(() => null) : null;
    await discard(response);
    const said = report?.error ? ` (${report.error})` : "";
    throw new ProbeFailure(`http: status ${response.status}, expected ${expected}${said}`, { answered: true });
  }
  if (!needsBody(options) && !isJson(response)) {
    await discard(response);
    return PASSED;
  }
  job.stage = "the body did not come";
  return judgeBody(await readBounded(response, MAX_BODY_BYTES), options, isJson(response));
};

async function follow(job: ProbeJob): Promise<Response> {
  const { target, check, context } = job;
  let url = new URL(`${target.tls ? "https" : "http"}://${authority(target)}${target.path}`);
  const headers = requestHeaders(job);
  let { method = "GET", body } = check.health_options;
  for (let hops = 0; ; hops++) {
    job.stage = "no response headers";
    job.secure = url.protocol === "https:";
    const response = await send(job, url, { method, headers, body });
    const failure = await edgeFailure(response);
    if (failure !== null) throw failure;
    const location = response.headers.get("location");
    const followed = check.health_options.follow_redirects ?? true;
    if (!followed || location === null || !REDIRECTS.includes(response.status)) return response;
    await discard(response);
    if (hops >= MAX_REDIRECTS) {
      throw new ProbeFailure(`http: more than ${MAX_REDIRECTS} redirects`, { answered: true });
    }
    const next = redirectTarget(location, url, job);
    await refusePrivateName(next.hostname, context);
    if (response.status <= 303 && method === "POST") [method, body] = ["GET", undefined];
    if (next.origin !== url.origin) keepSecretsFrom(next, headers, body, job);
    url = next;
  }
}

interface Sent {
  method: string;
  headers: Headers;
  body: string | undefined;
}

/** The platform's `fetch` refuses addresses, so those are asked over a socket. */
async function send(job: ProbeJob, url: URL, { method, headers, body }: Sent): Promise<Response> {
  const { context, seat, signal } = job;
  const parsed = context.fetchesAddresses ? null : addressTarget(url);
  if (parsed === null) {
    const init: RequestInit = { method, headers, redirect: "manual", signal, cache: "no-store" };
    const response = context.fetch(url, body === undefined ? init : { ...init, body });
    seat.until(response);
    return await response;
  }
  if (parsed.tls) {
    const words = "can't be checked from here: the certificate of an address can't be verified; use the host's name";
    throw new ProbeFailure(words, { verdict: "unprobeable" });
  }
  const request = { method, host: url.host, path: url.pathname + url.search, headers, body };
  return await requestOverSocket({ ...job, target: { ...job.target, ...parsed } }, request, MAX_BODY_BYTES);
}

/** Returns null when the host is a name. */
function addressTarget(url: URL): Pick<Target, "host" | "port" | "tls"> | null {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (!isAddress(host)) return null;
  const tls = url.protocol === "https:";
  return { host, tls, port: Number(url.port) || (tls ? 443 : 80) };
}

/** Returns the URL of a redirect. Throws a ProbeFailure when the URL is not allowed as a target. */
function redirectTarget(location: string, base: URL, { context }: ProbeJob): URL {
  if (!URL.canParse(location, base.href)) throw new ProbeFailure("http: redirect to no URL", { answered: true });
  const next = new URL(location, base);
  const options = { allowPrivate: context.allowPrivateTargets, allowCredentials: true };
  const parsed = parseProbedTarget("http", next.href, options);
  if (!parsed.ok) throw new ProbeFailure(`http: refused redirect: ${parsed.error}`, { answered: true });
  return next;
}

/**
 * A secret may be sent only to the origin that the check names. Removes secret headers; throws a ProbeFailure when the
 * body holds a secret.
 */
function keepSecretsFrom(next: URL, headers: Headers, body: string | undefined, job: ProbeJob): void {
  for (const name of ["authorization", ...job.secretHeaders]) headers.delete(name);
  if (body === undefined || !job.secretBody) return;
  throw new ProbeFailure(`http: refused redirect: the body holds a secret, which is not sent on to ${next.origin}`, {
    answered: true,
  });
}

/** Returns the text after `Basic ` in the Authorization header (RFC 7617). */
export function basicCredentials({ user, password }: Pick<Target, "user" | "password">): string {
  const bytes = new TextEncoder().encode(`${user ?? ""}:${password ?? ""}`);
  return btoa(String.fromCharCode(...bytes));
}

function requestHeaders({ check, context, target }: ProbeJob): Headers {
  const headers = new Headers({ "user-agent": `CommandCenterHub/0 (${context.hubId}; vantage=${context.vantage})` });
  if (target.user !== null && target.user !== "") {
    headers.set("authorization", `Basic ${basicCredentials(target)}`);
  }
  for (const [name, value] of Object.entries(check.health_options.headers ?? {})) headers.set(name, value);
  return headers;
}

function isExpected(status: number, expected: HealthOptions["expected_status"]): boolean {
  return (expected ?? ["200-299"]).some((range) => {
    const [low, high = low] = String(range).split("-").map(Number);
    return low !== undefined && high !== undefined && status >= low && status <= high;
  });
}

function needsBody(options: HealthOptions): boolean {
  return options.body_contains !== undefined || options.body_not_contains !== undefined || options.json !== undefined;
}

function isJson(response: Response): boolean {
  return /^application\/([\w.-]+\+)?json/i.test(response.headers.get("content-type") ?? "");
}

function judgeBody(text: string, options: HealthOptions, json: boolean): ProbeResult {
  const fail = (error: string) => new ProbeFailure(`http: ${error}`, { answered: true });
  const { body_contains, body_not_contains } = options;
  if (body_contains !== undefined && !text.includes(body_contains)) {
    throw fail(`the body does not contain ${JSON.stringify(body_contains)}`);
  }
  if (body_not_contains !== undefined && text.includes(body_not_contains)) {
    throw fail(`the body contains ${JSON.stringify(body_not_contains)}`);
  }
  const document = parseJson(text);
  if (document === undefined) {
    if (options.json !== undefined) throw fail("the body is not JSON");
    return PASSED;
  }
  const failure = assertionFailure(document, options);
  if (failure !== null) throw fail(failure);
  const report = readSelfReport(document);
  if (!json || report.verdict === null) return { verdict: "ok", error: null, details: report.details };
  return { verdict: report.verdict, error: report.error, details: report.details };
}

/** A path that costs too much says nothing about the service. */
function assertionFailure(document: unknown, { json = [] }: HealthOptions): string | null {
  try {
    return failedAssertion(document, json);
  } catch (error) {
    if (!(error instanceof PathTooCostly)) throw error;
    throw new ProbeFailure(`http: ${error.message}; use a simpler path`, { answered: true, verdict: "unprobeable" });
  }
}

async function readReport(response: Response, job: ProbeJob) {
  job.stage = "the body did not come";
  return readSelfReport(parseJson(await readBounded(response, MAX_BODY_BYTES)));
}

/** Returns undefined when the text is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function discard(response: Response): Promise<void> {
  await response.body?.cancel().catch(() => {});
}
