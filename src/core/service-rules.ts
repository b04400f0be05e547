/** The rules of a registration that concern several fields, and the defaults of fields that it leaves out. */
import { type FieldError, fieldErrors, type Parsed } from "./fields.ts";
import { pathError } from "./json-path.ts";
import type { HealthOptions } from "./options.ts";
import { type HealthMethod, isProbed, isProbedByHub, MAX_PROBE_TIMEOUT_S, PROBED_METHODS } from "./records.ts";
import { manifestSchema, type ServiceBody, type ServicePatch, serviceSchema } from "./registration.ts";
import { type MayReceive, secretNames, secretRefusal } from "./secrets.ts";
import { defaultOf, FIELD_NAMES, pick, type ServiceInput } from "./service-definition.ts";
import type { ServiceRow } from "./service-row.ts";
import { guessPort, parseTarget } from "./target.ts";

export interface TargetRules {
  /** Whether loopback, private and other non-public addresses may be probed. */
  allowPrivate: boolean;
  mayReceive: MayReceive;
}

const ALL_METHODS: readonly HealthMethod[] = [...PROBED_METHODS, "exec", "container", "heartbeat"];
const METHODS_OF_OPTION: Record<keyof HealthOptions, readonly HealthMethod[]> = {
  degraded_above_ms: ALL_METHODS,
  degraded_above_cpu: ALL_METHODS,
  degraded_above_memory: ALL_METHODS,
  degraded_above_restarts: ALL_METHODS,
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

/** Headers whose values are secrets. Their values must refer to a secret by its name, so that no secret is stored. */
const SECRET_HEADER = /^(authorization|proxy-authorization|cookie|x-api-key|x-auth-token)$/i;

/** Fills in the defaults and applies the rules. `prefix`: the path of the service in its input. */
export function parseService(body: ServiceBody, rules: TargetRules, prefix = ""): Parsed<ServiceInput> {
  const input = withDefaults(body);
  const errors = [...timeoutErrors(input), ...targetErrors(input, rules), ...optionErrors(input)];
  if (errors.length === 0) return { ok: true, value: input };
  return { ok: false, errors: errors.map(({ path, message }) => ({ path: joinPath(prefix, path), message })) };
}

/** Applies the patch to the row, by the same rules. A port that was guessed from the old target is guessed again. */
export function parsePatch(row: ServiceRow, patch: ServicePatch, rules: TargetRules): Parsed<ServiceInput> {
  const { version, ...current } = inputOf(row);
  const moved = patch.health_url !== undefined || patch.health_method !== undefined;
  const guessed = row.port === guessPort(row.health_method, row.health_url);
  const { port, ...rest } = current;
  return parseService(Object.assign({}, rest, moved && guessed ? {} : { port }, withoutUndefined(patch)), rules);
}

/** Returns every wrong field of every service, and names that occur twice. */
export function parseManifest(body: unknown, rules: TargetRules): Parsed<ServiceInput[]> {
  const whole = manifestSchema.safeParse(body);
  const entries = entriesOf(body);
  const errors = [...(whole.success ? [] : fieldErrors(whole.error)), ...repeatedNames(entries)];
  const inputs: ServiceInput[] = [];
  entries.forEach((entry, index) => {
    const service = serviceSchema.safeParse(entry);
    if (!service.success) return;
    const parsed = parseService(service.data, rules, `services[${index}]`);
    if (parsed.ok) inputs.push(parsed.value);
    else errors.push(...parsed.errors);
  });
  return errors.length === 0 ? { ok: true, value: inputs } : { ok: false, errors };
}

/** Returns the registration that would make this row. */
export function inputOf(row: ServiceRow): ServiceInput {
  return pick(row, FIELD_NAMES);
}

function withDefaults(body: ServiceBody): ServiceInput {
  const filled = FIELD_NAMES.map((name) => [name, body[name] === undefined ? defaultOf(name, body) : body[name]]);
  return Object.fromEntries(filled.filter(([, value]) => value !== undefined)) as ServiceInput; // as in the schemas
}

function timeoutErrors(input: ServiceInput): FieldError[] {
  if (isProbedByHub(input) && input.health_timeout > MAX_PROBE_TIMEOUT_S) {
    return [{ path: "health_timeout", message: `expected at most ${MAX_PROBE_TIMEOUT_S} s` }];
  }
  if (input.health_timeout < input.health_interval) return [];
  return [{ path: "health_timeout", message: `expected less than the interval of ${input.health_interval} s` }];
}

function targetErrors(input: ServiceInput, { allowPrivate, mayReceive }: TargetRules): FieldError[] {
  if (!isProbed(input.health_method) && input.health_url === "") return [];
  if (input.health_url === "") return [{ path: "health_url", message: `needed for ${input.health_method}` }];
  // An agent is in the private network that it checks.
  const target = parseTarget(input.health_method, input.health_url, {
    allowPrivate: allowPrivate || input.agent !== null,
  });
  if (!target.ok) return [{ path: "health_url", message: target.error }];
  if (target.target === null || input.agent !== null) return []; // an agent has secrets and rules of its own
  const refusal = secretRefusal([target.target, input.health_options], target.target.host, mayReceive);
  return refusal === null ? [] : [{ path: "health_url", message: refusal }];
}

function optionErrors(input: ServiceInput): FieldError[] {
  const { health_method: method, health_options: options } = input;
  const errors = Object.keys(options)
    .filter((key) => isOption(key) && options[key] !== undefined && !METHODS_OF_OPTION[key].includes(method))
    .map((key) => ({ path: `health_options.${key}`, message: `does not apply to the method ${method}` }));
  const isAgents = method === "exec" || method === "container";
  if (isAgents && input.agent === null) errors.push({ path: "agent", message: `needed for ${method}` });
  if (method === "exec" && options.command === undefined) {
    errors.push({ path: "health_options.command", message: "needed for exec" });
  }
  return [...errors, ...headerErrors(options.headers ?? {}), ...pathErrors(options.json ?? [])];
}

function pathErrors(assertions: NonNullable<HealthOptions["json"]>): FieldError[] {
  return assertions.flatMap(({ path }, index) => {
    const error = pathError(path);
    return error === null ? [] : [{ path: `health_options.json[${index}].path`, message: error }];
  });
}

function headerErrors(headers: Record<string, string>): FieldError[] {
  return Object.entries(headers).flatMap(([name, value]) => {
    const path = `health_options.headers.${name}`;
    if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) {
      return [{ path, message: "expected printable characters of Latin-1" }];
    }
    if (!SECRET_HEADER.test(name) || secretNames(value).length > 0) return [];
    return [{ path, message: "a secret is never stored in plain text: use ${PROBE_SECRET_NAME}" }];
  });
}

function isOption(key: string): key is keyof HealthOptions {
  return Object.hasOwn(METHODS_OF_OPTION, key);
}

function entriesOf(body: unknown): unknown[] {
  if (typeof body !== "object" || body === null || !("services" in body)) return [];
  return Array.isArray(body.services) ? body.services : [];
}

function repeatedNames(entries: readonly unknown[]): FieldError[] {
  const seen = new Map<unknown, number>();
  return entries.flatMap((entry, index) => {
    if (typeof entry !== "object" || entry === null || !("name" in entry) || typeof entry.name !== "string") return [];
    const first = seen.get(entry.name);
    if (first === undefined) seen.set(entry.name, index);
    return first === undefined
      ? []
      : [{ path: `services[${index}].name`, message: `already used by services[${first}]` }];
  });
}

function joinPath(prefix: string, path: string): string {
  return prefix === "" ? path : `${prefix}.${path}`;
}

/** Removes fields that are `undefined`, because they would replace those of the row. */
function withoutUndefined(patch: ServicePatch): ServicePatch {
  return Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
}
