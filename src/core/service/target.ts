/** Parses targets. The same parser reads targets at registration, before a probe and in redirects. */
import { canonicalHost, refusedHost } from "./address.ts";
import { type HealthMethod, isProbed, type ProbedMethod, type ServiceType } from "./records.ts";

const MAX_TARGET_LENGTH = 2_048;
const SECRET_REFERENCE = /^\$\{PROBE_SECRET_[A-Z0-9_]+\}$/;
/** Query parameters whose values are credentials. */
const SECRET_PARAMETER = /^(password|passwd|pwd|sslpassword|token|access_token|api_?key|secret|client_secret)$/i;
const PLAIN_CREDENTIALS = "credentials in plain text are refused: use ${PROBE_SECRET_NAME}";

/** Meanings as in libpq. `allow` and `prefer` continue without TLS when the server has none. */
const SSL_MODES = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] as const;
export type SslMode = (typeof SSL_MODES)[number];

/**
 * The parts of a target, decoded unless a field says otherwise. All parts except host and port may contain
 * `${PROBE_SECRET_X}`.
 */
export interface Target {
  /** The canonical host; an IPv6 address has no brackets. */
  host: string;
  port: number;
  tls: boolean;
  /** http: path and query, percent-encoded except the braces of a reference. */
  path: string;
  user: string | null;
  password: string | null;
  /** postgres: its name; redis: its number, null when the target names none or no number. */
  database: string | null;
  sslmode: SslMode;
}

export interface TargetOptions {
  /** Whether loopback, private and other non-public hosts are allowed. */
  allowPrivate: boolean;
  /**
   * Whether credentials in plain text are allowed. They are for targets that are not stored, such as a redirect's
   * location.
   */
  allowCredentials?: boolean;
}

type Refusal = { ok: false; error: string };
export type ProbedTargetResult = { ok: true; target: Target } | Refusal;
/** `target` is null for methods that the hub doesn't probe: their target may be any text. */
export type TargetResult = { ok: true; target: Target | null } | Refusal;

interface Scheme {
  tls: boolean;
  /** The port of a target that names none; null: the target must name one. */
  port: number | null;
}

const SCHEMES: Record<ProbedMethod, { expected: string; schemes: Record<string, Scheme> }> = {
  http: {
    expected: "expected an http:// or https:// URL",
    schemes: { http: { tls: false, port: 80 }, https: { tls: true, port: 443 } },
  },
  tcp: {
    expected: "expected host:port",
    schemes: { tcp: { tls: false, port: null }, tls: { tls: true, port: null } },
  },
  redis: {
    expected: "expected a redis:// or rediss:// URL",
    schemes: { redis: { tls: false, port: 6379 }, rediss: { tls: true, port: 6379 } },
  },
  postgres: {
    expected: "expected a postgres:// URL",
    schemes: { postgres: { tls: false, port: 5432 }, postgresql: { tls: false, port: 5432 } },
  },
};

const refuse = (error: string): Refusal => ({ ok: false, error });

/**
 * Parses and checks a target. `error` is a text for a person and contains no credentials. Does no DNS lookup, so a name
 * that resolves to a private address passes.
 */
export function parseTarget(method: HealthMethod, url: string, options: TargetOptions): TargetResult {
  return isProbed(method) ? parseProbedTarget(method, url, options) : { ok: true, target: null };
}

/** Like parseTarget, for methods that always have a target. */
export function parseProbedTarget(method: ProbedMethod, text: string, options: TargetOptions): ProbedTargetResult {
  const { expected, schemes } = SCHEMES[method];
  if (text.length > MAX_TARGET_LENGTH) return refuse(`longer than ${MAX_TARGET_LENGTH} characters`);
  if (/[\s\p{Cc}]/u.test(text)) return refuse(`${expected}, without blanks`);
  const full = method === "tcp" && !text.includes("://") ? `tcp://${text}` : text;
  const [, name = "", rest = ""] = /^([a-z]+):\/\/(.*)$/i.exec(full) ?? [];
  const scheme = new Map(Object.entries(schemes)).get(name.toLowerCase());
  const url = readRest(rest);
  if (scheme === undefined || url === null || !fits(method, url)) return refuse(expected);
  const host = canonicalHost(url.hostname);
  if (!host.ok) return refuse(host.error);
  const notPublic = options.allowPrivate ? null : refusedHost(host.host);
  if (notPublic !== null) return refuse(`${host.host} is refused: ${notPublic}`);
  const port = portOf(url, rest) ?? scheme.port;
  if (port === null || port === 0) return refuse(`${expected}: a port is missing`);
  return withParts(method, url, { host: host.host, port, tls: scheme.tls }, options);
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

function fits(method: ProbedMethod, url: URL): boolean {
  return method !== "tcp" || (url.pathname === "/" && url.search === "" && url.username === "" && url.password === "");
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

function withParts(method: ProbedMethod, url: URL, endpoint: Endpoint, options: TargetOptions): ProbedTargetResult {
  const query = url.searchParams;
  const parts = [url.username, url.password, url.pathname.slice(1)].map(decoded);
  const [user = null, password = null, database = null] = parts;
  if (user === null || password === null) return refuse("the user or the password is not percent-encoded text");
  const loneToken = method === "http" && password === "" ? user : "";
  const credentials = [password, loneToken, ...secretParameters(query)].filter((value) => value !== "");
  if (!options.allowCredentials && !credentials.every((value) => SECRET_REFERENCE.test(value))) {
    return refuse(PLAIN_CREDENTIALS);
  }
  const parameter = (name: string) => (method === "http" ? null : query.get(name));
  const target: Target = {
    ...endpoint,
    path: method === "http" ? withReferences(url.pathname + url.search) : "",
    user: user || parameter("user"),
    password: password || parameter("password"),
    database: databaseOf(method, database || null, query),
    sslmode: "prefer",
  };
  return method === "postgres" ? withSslMode(target, query) : { ok: true, target };
}

function databaseOf(method: ProbedMethod, path: string | null, query: URLSearchParams): string | null {
  if (method === "postgres") return path || query.get("dbname");
  if (method !== "redis") return null;
  const number = path || query.get("db");
  return number !== null && /^\d{1,5}$/.test(number) ? String(Number(number)) : null;
}

/** Restores the braces of references, which the URL parser encodes. */
function withReferences(path: string): string {
  return path.replace(/\$%7B(PROBE_SECRET_[A-Z0-9_]+)%7D/g, (_match, name: string) => `\${${name}}`);
}

function secretParameters(query: URLSearchParams): string[] {
  return [...query].filter(([name]) => SECRET_PARAMETER.test(name)).map(([, value]) => value);
}

function withSslMode(target: Target, query: URLSearchParams): ProbedTargetResult {
  for (const name of ["host", "hostaddr", "port", "service"]) {
    if (query.has(name)) return refuse(`the parameter ${name} is refused: host and port stand before the path`);
  }
  const wanted = query.get("sslmode") ?? "prefer";
  const sslmode = SSL_MODES.find((mode) => mode === wanted);
  if (sslmode === undefined) return refuse(`sslmode: expected one of ${SSL_MODES.join(", ")}`);
  return { ok: true, target: { ...target, sslmode } };
}

/** Returns `host:port` or `[IPv6 address]:port`, as a URL contains it. */
export function authority({ host, port }: Pick<Target, "host" | "port">): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function parseLeniently(method: HealthMethod, url: string): Target | null {
  const result = parseTarget(method, url, { allowPrivate: true, allowCredentials: true });
  return result.ok ? result.target : null;
}

/** Returns the host of a target, and nothing else of it; null: the target has none. */
export function targetHost(method: HealthMethod, url: string): string | null {
  return parseLeniently(method, url)?.host ?? null;
}

export function guessPort(method: HealthMethod, url: string): number | null {
  return parseLeniently(method, url)?.port ?? null;
}

const TYPE_OF_PORT: Readonly<Record<number, ServiceType>> = {
  1433: "database",
  1521: "database",
  3306: "database",
  5432: "database",
  9042: "database",
  27017: "database",
  6379: "cache",
  11211: "cache",
  1883: "queue",
  4222: "queue",
  5672: "queue",
  9092: "queue",
  80: "web",
  443: "web",
};

export function guessServiceType(method: HealthMethod, url: string): ServiceType {
  const target = parseLeniently(method, url);
  switch (method) {
    case "redis":
      return "cache";
    case "postgres":
      return "database";
    case "heartbeat":
      return "worker";
    case "exec":
    case "container":
      return "other";
    case "tcp":
      return TYPE_OF_PORT[target?.port ?? 0] ?? "other";
    case "http":
      return /^api[.-]/.test(target?.host ?? "") || /^\/(api|v\d+|graphql|rpc)\b/.test(target?.path ?? "")
        ? "api"
        : "web";
  }
}
