/** Parses targets. The same parser reads targets at registration, before a probe and in redirects. */

import { type HealthMethod, hasTarget, methodOf, TARGET_FORMS, type TargetedMethod } from "../methods/index.ts";
import type { Target, TargetForm } from "../methods/target-form.ts";
import type { Result } from "../values/result.ts";
import { canonicalHost, refusedHost } from "./address.ts";
import type { ServiceType } from "./records.ts";

const MAX_TARGET_LENGTH = 2_048;
const SECRET_REFERENCE = /^\$\{PROBE_SECRET_[A-Z0-9_]+\}$/;
const REFERENCE = /\$\{PROBE_SECRET_[A-Z0-9_]+\}/g;
/** Query parameters whose values are credentials. */
const SECRET_PARAMETER = /^(password|passwd|pwd|sslpassword|token|access_token|api_?key|secret|client_secret)$/i;
const PLAIN_CREDENTIALS = "credentials in plain text are refused: use ${PROBE_SECRET_NAME}";

export interface TargetOptions {
  /** Whether loopback, private and other non-public hosts are allowed. */
  allowPrivate: boolean;
  /**
   * Whether credentials in plain text are allowed. They are for targets that are not stored, such as a redirect's
   * location.
   */
  allowCredentials?: boolean;
}

export type ProbedTargetResult = Result<Target, string>;
/** `target` is null for methods without a target: any text may stand there. */
export type TargetResult = Result<Target | null, string>;

const refuse = (error: string): Extract<ProbedTargetResult, { ok: false }> => ({ ok: false, error });

/**
 * Parses and checks a target. `error` is a text for a person and contains no credentials. Does no DNS lookup, so a name
 * that resolves to a private address passes.
 */
export function parseTarget(method: HealthMethod, url: string, options: TargetOptions): TargetResult {
  return hasTarget(method) ? parseProbedTarget(method, url, options) : { ok: true, value: null };
}

/** Like parseTarget, for methods that always have a target. */
export function parseProbedTarget(method: TargetedMethod, text: string, options: TargetOptions): ProbedTargetResult {
  const form = TARGET_FORMS[method];
  const { expected, schemes, bareScheme } = form;
  if (text.length > MAX_TARGET_LENGTH) return refuse(`longer than ${MAX_TARGET_LENGTH} characters`);
  if (/[\s\p{Cc}]/u.test(text)) return refuse(`${expected}, without blanks`);
  const full = bareScheme !== undefined && !text.includes("://") ? `${bareScheme}://${text}` : text;
  const [, name = "", rest = ""] = /^([a-z]+):\/\/(.*)$/i.exec(full) ?? [];
  const scheme = new Map(Object.entries(schemes)).get(name.toLowerCase());
  const url = readRest(rest);
  if (scheme === undefined || url === null || !fits(form, url)) return refuse(expected);
  const host = canonicalHost(url.hostname);
  if (!host.ok) return refuse(host.error);
  const notPublic = options.allowPrivate ? null : refusedHost(host.value);
  if (notPublic !== null) return refuse(`${host.value} is refused: ${notPublic}`);
  const port = portOf(url, rest) ?? scheme.port;
  if (port === null || port === 0) return refuse(`${expected}: a port is missing`);
  const endpoint = { host: host.value, port, tls: scheme.tls };
  return withParts(form, { scheme: name.toLowerCase(), url }, endpoint, options);
}

/**
 * Returns what nobody can mean who writes the target, as a text for a person; null: nothing. Such targets are refused at
 * registration; those that are stored are checked all the same.
 */
export function targetMistake(text: string): string | null {
  if (text.includes("#")) return "a fragment (# and what follows) is never sent: leave it out, or write # as %23";
  const rest = text.replace(REFERENCE, "");
  if (/\$\{|\{\{/.test(rest)) return "a placeholder is left in it: only ${PROBE_SECRET_NAME} is replaced";
  const [path = ""] = rest.split("?");
  return /[{}]/.test(path) ? "a brace is left in it: write { as %7B and } as %7D" : null;
}

/** Parses the text after `scheme://` by the rules of http for every scheme, so that there is one parser for hosts. */
function readRest(rest: string): URL | null {
  if (rest === "" || /^[\\/]/.test(rest)) return null; // else the path would be read as the host
  try {
    return new URL(`http://${rest}`);
  } catch {
    return null;
  }
}

/** Parses the text with https too, because a URL hides the default port of its scheme. */
function portOf(url: URL, rest: string): number | null {
  const port = url.port === "" ? new URL(`https://${rest}`).port : url.port;
  return port === "" ? null : Number(port);
}

function fits({ isEndpointOnly }: TargetForm, url: URL): boolean {
  return (
    isEndpointOnly !== true || (url.pathname === "/" && url.search === "" && url.username === "" && url.password === "")
  );
}

/** Returns null when the text is not valid percent-encoding. */
function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

type Endpoint = Pick<Target, "host" | "port" | "tls">;

function withParts(
  form: TargetForm,
  { scheme, url }: { scheme: string; url: URL },
  endpoint: Endpoint,
  options: TargetOptions,
): ProbedTargetResult {
  const query = url.searchParams;
  const [user = null, password = null, name = null] = [url.username, url.password, url.pathname.slice(1)].map(decoded);
  if (user === null || password === null) return refuse("the user or the password is not percent-encoded text");
  const loneToken = form.userIsToken === true && password === "" ? user : "";
  const credentials = [password, loneToken, ...secretParameters(query)].filter((value) => value !== "");
  if (!options.allowCredentials && !credentials.every((value) => SECRET_REFERENCE.test(value))) {
    return refuse(PLAIN_CREDENTIALS);
  }
  const path = withReferences(url.pathname + url.search);
  const parts = form.parts({ scheme, user, password, name: name || null, path, query });
  return "refused" in parts ? refuse(parts.refused) : { ok: true, value: { ...endpoint, ...parts } };
}

/** Restores the braces of references, which the URL parser encodes. */
function withReferences(path: string): string {
  return path.replace(/\$%7B(PROBE_SECRET_[A-Z0-9_]+)%7D/g, (_match, name: string) => `\${${name}}`);
}

function secretParameters(query: URLSearchParams): string[] {
  return [...query].filter(([name]) => SECRET_PARAMETER.test(name)).map(([, value]) => value);
}

/** Returns `host:port` or `[IPv6 address]:port`, as a URL contains it. */
export function authority({ host, port }: Pick<Target, "host" | "port">): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Returns null for a target that can't be read, and for methods without one. */
export function parseLeniently(method: HealthMethod, url: string): Target | null {
  const result = parseTarget(method, url, { allowPrivate: true, allowCredentials: true });
  return result.ok ? result.value : null;
}

/** Returns the host of a target, and nothing else of it; null: the target has none. */
export function targetHost(method: HealthMethod, url: string): string | null {
  return parseLeniently(method, url)?.host ?? null;
}

export function guessPort(method: HealthMethod, url: string): number | null {
  return parseLeniently(method, url)?.port ?? null;
}

export function guessServiceType(method: HealthMethod, url: string): ServiceType {
  return methodOf(method).serviceType(parseLeniently(method, url));
}
