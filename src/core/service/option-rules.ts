/**
 * Rules on what a check says as a whole: options that its method ignores, requests that can't be sent, and conditions
 * that never or always hold. Without them a mistake would look like a service that is down, or up, for ever.
 */
import type { FieldError } from "../values/fields.ts";
import { pathError } from "../values/json-path.ts";
import type { HealthOptions } from "./options.ts";
import { type HealthMethod, PROBED_METHODS } from "./records.ts";
import { queryRefusal, secretNames } from "./secrets.ts";
import type { ServiceInput } from "./service-definition.ts";
import { parseTarget, type Target } from "./target.ts";

type Checked = Pick<ServiceInput, "health_method" | "health_url" | "health_options" | "agent"> & {
  /** Absent: not known here, so nothing is said of it. */
  container_id?: string | null;
};

/** Of services in containers, whatever their method is: an agent adds what the container uses. */
const BY_AGENTS: readonly HealthMethod[] = [...PROBED_METHODS, "exec", "container"];
const METHODS_OF_OPTION: Record<keyof HealthOptions, readonly HealthMethod[]> = {
  degraded_above_ms: [...PROBED_METHODS, "exec", "container"],
  degraded_above_cpu: BY_AGENTS,
  degraded_above_memory: BY_AGENTS,
  degraded_above_restarts: BY_AGENTS,
  method: ["http"],
  headers: ["http"],
  body: ["http"],
  expected_status: ["http"],
  body_contains: ["http"],
  body_not_contains: ["http"],
  json: ["http"],
  follow_redirects: ["http"],
  tls: ["tcp"],
  send: ["tcp"],
  expect: ["tcp"],
  user: ["redis", "postgres"],
  password: ["redis", "postgres"],
  query: ["postgres"],
  grace: ["heartbeat"],
  command: ["exec"],
};
const OF_CONTAINERS = ["degraded_above_cpu", "degraded_above_memory", "degraded_above_restarts"] as const;

/** Headers whose values are secrets. Their values must refer to a secret by its name, so that no secret is stored. */
const SECRET_HEADER = /^(authorization|proxy-authorization|cookie|x-api-key|x-auth-token)$/i;
/** Headers that describe the connection, which belongs to the probe (RFC 9110, 7.6.1, 10.1.1). */
const CONNECTION_HEADER =
  /^(connection|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|expect|http2-settings)$/i;
/** Cloudflare sets them, or refuses requests that have them. */
const PLATFORM_HEADER = /^(cf-.*|cdn-loop)$/i;

/** Returns what is wrong with the options of a check, with the path of each wrong field. */
export function optionErrors(input: Checked): FieldError[] {
  const { health_method: method, health_options: options } = input;
  return [
    ...methodErrors(input),
    ...(method === "http" ? [...requestErrors(input), ...conditionErrors(options)] : []),
    ...(options.json ?? []).flatMap(jsonErrors),
    ...(method === "redis" || method === "postgres" ? databaseErrors(input) : []),
    ...(method === "tcp" && options.tls === false && /^tls:/i.test(input.health_url)
      ? [at("tls", "false contradicts the target, which says tls://")]
      : []),
  ];
}

const at = (option: string, message: string): FieldError => ({ path: `health_options.${option}`, message });

function methodErrors({ health_method: method, health_options: options, agent, container_id }: Checked): FieldError[] {
  const errors = Object.keys(options)
    .filter((key) => isOption(key) && options[key] !== undefined && !METHODS_OF_OPTION[key].includes(method))
    .map((key) => at(key, `does not apply to the method ${method}`));
  for (const key of OF_CONTAINERS) {
    if (options[key] === undefined || method === "container" || (agent !== null && container_id !== null)) continue; // undefined is not null
    if (METHODS_OF_OPTION[key].includes(method)) errors.push(at(key, "applies only to a service in a container"));
  }
  const isAgents = method === "exec" || method === "container";
  if (isAgents && agent === null) errors.push({ path: "agent", message: `needed for ${method}` });
  if (method === "exec" && options.command === undefined) errors.push(at("command", "needed for exec"));
  return errors;
}

function requestErrors({ health_options: options, agent }: Checked): FieldError[] {
  const { method = "GET", body, headers = {} } = options;
  const errors: FieldError[] = [];
  if (body !== undefined && method !== "POST") errors.push(at("body", `${method} sends no body: set method to POST`));
  if (method === "HEAD") {
    for (const key of ["body_contains", "body_not_contains", "json"] as const) {
      if (options[key] !== undefined) errors.push(at(key, "the answer to HEAD has no body: use GET"));
    }
  }
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(headers)) {
    const message = headerError(name, value, options, agent) ?? (seen.has(name.toLowerCase()) ? "given twice" : null);
    if (message !== null) errors.push(at(`headers.${name}`, message));
    seen.add(name.toLowerCase());
  }
  return errors;
}

function headerError(name: string, value: string, options: HealthOptions, agent: string | null): string | null {
  if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) return "expected printable characters of Latin-1";
  if (CONNECTION_HEADER.test(name)) return "can't be sent: the probe itself decides how it is connected";
  if (agent === null && PLATFORM_HEADER.test(name)) return "can't be sent: Cloudflare sets it; let an agent check this";
  if (/^host$/i.test(name) && !/^[^\s/?#@\\,]+$/.test(value)) return "expected a host, or host:port";
  if (/^content-length$/i.test(name) && value !== lengthOf(options)) return "leave it out: the probe counts the body";
  if (!SECRET_HEADER.test(name) || secretNames(value).length > 0) return null;
  return "a secret is never stored in plain text: use ${PROBE_SECRET_NAME}";
}

/** Null when nobody knows yet, because a secret is a part of the body. */
function lengthOf({ method, body }: HealthOptions): string | null {
  if (body === undefined) return method === "POST" ? "0" : null;
  if (secretNames(body).length > 0) return null;
  return String(new TextEncoder().encode(body).length);
}

/** Conditions that no answer fulfils. */
function conditionErrors(options: HealthOptions): FieldError[] {
  const { expected_status, follow_redirects, body_contains, body_not_contains } = options;
  const errors: FieldError[] = [];
  expected_status?.forEach((range, index) => {
    if (/^1\d\d$/.test(String(range).split("-").at(-1) ?? "")) {
      errors.push(at(`expected_status[${index}]`, "no answer ends with 1xx: expected 200 to 599"));
    }
  });
  const onlyRedirects = expected_status?.every((range) => /^30[12378](-30[12378])?$/.test(String(range))) ?? false;
  if (follow_redirects === true && onlyRedirects) {
    errors.push(at("follow_redirects", "a redirect that is followed is never the status: set it to false"));
  }
  const wantsBody = body_contains !== undefined || (options.json ?? []).length > 0;
  if (wantsBody && expected_status?.every((range) => /^(204|205|304)(-\1)?$/.test(String(range))) === true) {
    errors.push(at("expected_status", "these answers have no body, and the check asks for one"));
  }
  if (body_not_contains !== undefined && body_contains?.includes(body_not_contains) === true) {
    errors.push(at("body_not_contains", "is a part of body_contains, so no body fulfils both"));
  }
  return errors;
}

function jsonErrors({ path, op, value }: NonNullable<HealthOptions["json"]>[number], index: number): FieldError[] {
  const wrong = pathError(path);
  const errors = wrong === null ? [] : [at(`json[${index}].path`, wrong)];
  const message = valueError(op, value);
  return message === null ? errors : [...errors, at(`json[${index}].value`, message)];
}

function valueError(op: string, value: unknown): string | null {
  switch (op) {
    case "<":
    case "<=":
    case ">":
    case ">=":
      return typeof value === "number" ? null : `needed for ${op}: a number`;
    case "exists":
      return value === undefined || typeof value === "boolean" ? null : "expected true or false, or none";
    default:
      return value === undefined ? `needed for ${op}: a text, a number, true, false or null` : null;
  }
}

function databaseErrors({ health_method: method, health_url, health_options: options }: Checked): FieldError[] {
  const parsed = parseTarget(method, health_url, { allowPrivate: true, allowCredentials: true });
  const target = parsed.ok ? parsed.target : null;
  if (target === null) return [];
  const errors =
    method === "redis" && !namesDatabase(health_url, target) ? [{ path: "health_url", message: NUMBER }] : [];
  const hasPassword = (options.password ?? target.password) !== null;
  if (method === "redis" && !hasPassword && (options.user !== undefined || target.user !== null)) {
    const message = "needs a password: Redis has no login without one";
    errors.push(
      options.user === undefined ? { path: "health_url", message: `the user ${message}` } : at("user", message),
    );
  }
  for (const key of ["user", "query"] as const) {
    if (options[key] === "" || options[key]?.includes("\0") === true)
      errors.push(at(key, "expected a text without NUL"));
  }
  if (method !== "postgres") return errors;
  const refusal = queryRefusal(options.query, [options.user, target.user, target.database]);
  return [...errors, ...(refusal === null ? [] : [at("query", refusal)]), ...parameterErrors(health_url)];
}

/** Parameters that the probe honours, or that change nothing for it (libpq, "Parameter Key Words"). */
const POSTGRES_PARAMETERS =
  /^(user|password|dbname|sslmode|application_name|fallback_application_name|connect_timeout|client_encoding|keepalives.*|tcp_user_timeout)$/;

/** A parameter that is ignored would make another check of it than libpq makes. */
function parameterErrors(url: string): FieldError[] {
  const names = [...new URLSearchParams(/\?([^#]*)/.exec(url)?.[1] ?? "").keys()];
  const ignored = names.find((name) => !POSTGRES_PARAMETERS.test(name));
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (ignored !== undefined) return [{ path: "health_url", message: `the parameter ${ignored} is not supported` }];
  return twice === undefined ? [] : [{ path: "health_url", message: `the parameter ${twice} is given twice` }];
}

const NUMBER = "expected the number of a database after the port, such as redis://host:6379/0";

/** Whether what the address of a Redis server names as its database is a number. */
function namesDatabase(url: string, { database }: Target): boolean {
  const [, path = ""] = /^[a-z]+:\/\/[^/?#]*\/?([^?#]*)/i.exec(url) ?? [];
  const hasParameter = /[?&]db=/.test(url);
  if (path !== "" && hasParameter) return false; // which of the two?
  return database !== null || (path === "" && !hasParameter);
}

function isOption(key: string): key is keyof HealthOptions {
  return Object.hasOwn(METHODS_OF_OPTION, key);
}
