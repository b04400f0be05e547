/** The rules of a registration that concern several fields, and the defaults of fields that it leaves out. */

import { hasTarget, isProbedByHub } from "../methods/index.ts";
import { type FieldError, fieldErrors, type Parsed } from "../values/fields.ts";
import { optionErrors } from "./option-rules.ts";
import { MAX_PROBE_TIMEOUT_S } from "./records.ts";
import { manifestSchema, type ServiceBody, type ServicePatch, serviceSchema } from "./registration.ts";
import { type MayReceive, secretRefusal } from "./secrets.ts";
import { defaultOf, FIELD_NAMES, pick, type ServiceInput } from "./service-definition.ts";
import type { ServiceRow } from "./service-row.ts";
import { guessPort, parseTarget, targetMistake } from "./target.ts";

export interface TargetRules {
  /** Whether loopback, private and other non-public addresses may be probed. */
  allowPrivate: boolean;
  mayReceive: MayReceive;
}

/** Fills in the defaults and applies the rules. `prefix`: the path of the service in its input. */
export function parseService(body: ServiceBody, rules: TargetRules, prefix = ""): Parsed<ServiceInput> {
  return judged(body, rules, { prefix });
}

/** `isKnown`: the target and the options are stored already, and work as well as they can. */
function judged(
  body: ServiceBody,
  rules: TargetRules,
  { prefix = "", isKnown = false }: { prefix?: string; isKnown?: boolean },
): Parsed<ServiceInput> {
  const input = withDefaults(body);
  const { allowPrivate } = rules;
  const mayReceive = isKnown ? () => true : rules.mayReceive; // where it goes is looked at again when it is sent
  const errors = [
    ...timeoutErrors(input),
    ...targetErrors(input, { allowPrivate, mayReceive }),
    ...(isKnown ? [] : optionErrors(input)),
  ];
  if (errors.length === 0) return { ok: true, value: input };
  return { ok: false, error: errors.map(({ path, message }) => ({ path: joinPath(prefix, path), message })) };
}

/**
 * Applies the patch to the row, by the same rules; options that an earlier release accepted may stay as they are. A port
 * that was guessed from the old target is guessed again.
 */
export function parsePatch(row: ServiceRow, patch: ServicePatch, rules: TargetRules): Parsed<ServiceInput> {
  const { version, ...current } = inputOf(row);
  const moved = patch.health_url !== undefined || patch.health_method !== undefined;
  const guessed = row.port === guessPort(row.health_method, row.health_url);
  const { port, ...rest } = current;
  const body = Object.assign({}, rest, moved && guessed ? {} : { port }, withoutUndefined(patch));
  const isKnown = !moved && patch.health_options === undefined && patch.agent === undefined;
  return judged(body, rules, { isKnown });
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
    else errors.push(...parsed.error);
  });
  return errors.length === 0 ? { ok: true, value: inputs } : { ok: false, error: errors };
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
  if (!hasTarget(input.health_method) && input.health_url === "") return [];
  if (input.health_url === "") return [{ path: "health_url", message: `needed for ${input.health_method}` }];
  // An agent is in the private network that it checks.
  const target = parseTarget(input.health_method, input.health_url, {
    allowPrivate: allowPrivate || input.agent !== null,
  });
  if (!target.ok) return [{ path: "health_url", message: target.error }];
  const mistake = hasTarget(input.health_method) ? targetMistake(input.health_url) : null;
  if (mistake !== null) return [{ path: "health_url", message: mistake }];
  if (target.value === null || input.agent !== null) return []; // an agent has secrets and rules of its own
  const refusal = secretRefusal([target.value, input.health_options], target.value, mayReceive);
  return refusal === null ? [] : [{ path: "health_url", message: refusal }];
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
