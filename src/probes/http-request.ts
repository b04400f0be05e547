/** The request of an http check, and the part of it that may follow a redirect. */

import type { Target } from "../core/methods/target-form.ts";
import { isAddress } from "../core/service/address.ts";
import type { Check } from "../core/service/check.ts";
import { authority, parseProbedTarget } from "../core/service/target.ts";
import type { ProbeContext, ProbeJob } from "./probe.ts";
import { ProbeFailure } from "./probe-failure.ts";

export interface HttpRequest {
  url: URL;
  method: string;
  headers: Headers;
  body: string | Uint8Array<ArrayBuffer> | undefined;
  /** Sent twice, it does nothing else than once, though its method says nothing of that. */
  isRepeatable?: true;
}

/** Whether the request may be sent again by itself (RFC 9110, 9.2.2). */
export function mayRepeat({ method, isRepeatable }: Pick<HttpRequest, "method" | "isRepeatable">): boolean {
  return isRepeatable === true || isIdempotent(method);
}

function isIdempotent(method: string): boolean {
  return method === "GET" || method === "HEAD";
}

/**
 * Whether the request goes over a socket. The platform's `fetch` sends a Host of its own, refuses addresses when
 * deployed, and uses connections again, which a request that must not be sent twice can't risk.
 */
export function goesOverSocket({ url, method, headers }: Omit<HttpRequest, "body">, context: ProbeContext): boolean {
  if (context.fetch === null || headers.has("host")) return true;
  if (!context.fetchesAddresses) return isAddress(hostOf(url));
  return !isIdempotent(method);
}

/**
 * The same for an upgrade to WebSocket. `fetch` forgives a server much and tells little, so it is for what only it can
 * do: to reach the names that are behind Cloudflare, and to verify the certificate of an address.
 */
export function upgradesOverSocket(
  { url, headers }: Pick<HttpRequest, "url" | "headers">,
  context: ProbeContext,
): boolean {
  if (context.fetch === null || headers.has("host")) return true;
  const host = hostOf(url);
  return context.fetchesAddresses ? !(isAddress(host) && url.protocol === "https:") : isAddress(host);
}

/** Whether the first request of the check goes over a socket. */
export function isOverSocket(check: Check, { host, tls }: Target, context: ProbeContext): boolean {
  const { health_method, health_options } = check;
  const { method = "GET", headers = {} } = health_options;
  const hasHost = Object.keys(headers).some((name) => name.toLowerCase() === "host");
  const url = new URL(`${tls ? "https" : "http"}://${authority({ host, port: 1 })}`);
  const request = { url, method, headers: new Headers(hasHost ? { host } : {}) };
  return health_method === "websocket" ? upgradesOverSocket(request, context) : goesOverSocket(request, context);
}

export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "");
}

export function endpointOf(url: URL): Pick<Target, "host" | "port" | "tls"> {
  const tls = url.protocol === "https:";
  return { host: hostOf(url), tls, port: Number(url.port) || (tls ? 443 : 80) };
}

/** Throws a ProbeFailure where a socket can't verify the certificate of an address. */
export function refuseUnverified({ host, tls }: Pick<Target, "host" | "tls">, context: ProbeContext): void {
  if (!tls || !isAddress(host) || context.canSkipVerification) return;
  const words = "can't be checked from here: the certificate of an address can't be verified; use the host's name";
  throw new ProbeFailure(words, { verdict: "unprobeable" });
}

/** Throws a ProbeFailure when a secret can't be part of a header. */
export function requestHeaders({ check, context, target }: ProbeJob): Headers {
  const headers = new Headers({ "user-agent": `CommandCenterHub/0 (${context.hubId}; vantage=${context.vantage})` });
  if (target.user !== null && target.user !== "") {
    headers.set("authorization", `Basic ${basicCredentials(target)}`);
  }
  for (const [name, value] of Object.entries(check.health_options.headers ?? {})) {
    if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) {
      const words = `the secret in the header ${name} has characters that no header can have`;
      throw new ProbeFailure(words, { verdict: "unprobeable" });
    }
    headers.set(name, value);
  }
  return headers;
}

/** Returns the text after `Basic ` in the Authorization header (RFC 7617). */
export function basicCredentials({ user, password }: Pick<Target, "user" | "password">): string {
  const bytes = new TextEncoder().encode(`${user ?? ""}:${password ?? ""}`);
  return btoa(String.fromCharCode(...bytes));
}

/** Returns the request that follows the redirect. Throws a ProbeFailure when it is not allowed. */
export function redirected(request: HttpRequest, status: number, location: string, job: ProbeJob): HttpRequest {
  const url = redirectTarget(location, request.url, job);
  const becomesGet = status <= 303 && request.method === "POST";
  const next = { url, method: becomesGet ? "GET" : request.method, body: becomesGet ? undefined : request.body };
  const headers = new Headers(request.headers);
  if (becomesGet) for (const name of ["content-type", "content-length"]) headers.delete(name);
  if (url.origin !== request.url.origin) keepFrom(next, headers, job);
  return { ...next, headers };
}

/** Returns the URL of a redirect. Throws a ProbeFailure when the URL is not allowed as a target. */
function redirectTarget(given: string, base: URL, { context }: ProbeJob): URL {
  const location = asUtf8(given);
  if (!URL.canParse(location, base.href)) throw new ProbeFailure("http: redirect to no URL", { answered: true });
  const next = new URL(location, base);
  const options = { allowPrivate: context.allowPrivateTargets, allowCredentials: true };
  const parsed = parseProbedTarget("http", next.href, options);
  if (!parsed.ok) throw new ProbeFailure(`http: refused redirect: ${parsed.error}`, { answered: true });
  return next;
}

/** Headers are read as Latin-1, and servers write addresses as UTF-8. */
function asUtf8(text: string): string {
  if (/^[\0-\x7f]*$/.test(text) || /[^\0-\xff]/.test(text)) return text;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(
      Uint8Array.from(text, (character) => character.charCodeAt(0)),
    );
  } catch {
    return text;
  }
}

/**
 * A secret may be sent only to the origin that the check names, and a Host header names that origin's host. Removes
 * both; throws a ProbeFailure when the address or the body holds a secret.
 */
function keepFrom({ url, body }: Pick<HttpRequest, "url" | "body">, headers: Headers, job: ProbeJob): void {
  for (const name of ["host", "authorization", ...job.secretHeaders]) headers.delete(name);
  if (holdsSecret(url, job)) throw refusedOn("its address", url);
  if (body !== undefined && job.secretBody) throw refusedOn("the body", url);
}

function refusedOn(holder: string, { origin }: URL): ProbeFailure {
  const words = `http: refused redirect: ${holder} holds a secret, which is not sent on to ${origin}`;
  return new ProbeFailure(words, { answered: true });
}

/** The parts of a host are written together as well, because a secret may be spread over them. */
function holdsSecret({ href, hostname }: URL, { secrets }: ProbeJob): boolean {
  return [href, hostname.replaceAll(".", "")].some((text) => secrets.redact(text) !== text);
}
