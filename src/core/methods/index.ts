/**
 * The probe methods. Whatever the hub, its agents and its pages know of a method is derived from this list. A new method
 * needs its file here, its line below, and a probe: in src/probes when the hub runs it, in src/agent when only agents do and
 * it has a target.
 */
import { container } from "./container.ts";
import { dns } from "./dns.ts";
import { exec } from "./exec.ts";
import { heartbeat } from "./heartbeat.ts";
import { http } from "./http.ts";
import { type Method, type Option, RUNNERS } from "./method.ts";
import { postgres } from "./postgres.ts";
import { redis } from "./redis.ts";
import type { TargetForm } from "./target-form.ts";
import { tcp } from "./tcp.ts";
import { tls } from "./tls.ts";
import { websocket } from "./websocket.ts";

/** Forms and the API's document show them in this order. */
export const METHODS = [http, tcp, websocket, redis, postgres, dns, tls, exec, container, heartbeat] as const;

type Defined = (typeof METHODS)[number];
export type HealthMethod = Defined["name"];
/** Methods that are probed over the network, by the hub or by an agent. */
export type ProbedMethod = Extract<Defined, { runner: "hub" }>["name"];
/** Methods that are probed over the network, by agents only. */
export type AgentProbedMethod = Extract<Defined, { runner: "agent"; target: TargetForm }>["name"];
/** Methods whose checks have a target. */
export type TargetedMethod = ProbedMethod | AgentProbedMethod;

const ALL: readonly Method<HealthMethod>[] = METHODS;
const probed = ALL.filter((method) => method.runner === "hub");
const targeted = ALL.filter((method) => method.target !== null);

type Names<N extends string> = readonly [N, ...N[]];
export const HEALTH_METHODS = ALL.map(({ name }) => name) as unknown as Names<HealthMethod>; // the list has entries
export const PROBED_METHODS = probed.map(({ name }) => name) as unknown as Names<ProbedMethod>; // as in its type
export const TARGETED_METHODS = targeted.map(({ name }) => name) as unknown as Names<TargetedMethod>; // as in its type

const BY_NAME = Object.fromEntries(ALL.map((method) => [method.name, method])) as Record<HealthMethod, Method>; // all

export function methodOf(name: HealthMethod): Method {
  return BY_NAME[name];
}

export function isProbed(method: HealthMethod): method is ProbedMethod {
  return (PROBED_METHODS as readonly string[]).includes(method); // a name that is no method is not probed
}

export function hasTarget(method: HealthMethod): method is TargetedMethod {
  return (TARGETED_METHODS as readonly string[]).includes(method);
}

/** Whether the hub itself probes the service on a schedule. Agents and services report the others. */
export function isProbedByHub({
  health_method,
  agent,
}: {
  health_method: HealthMethod;
  agent: string | null;
}): boolean {
  return agent === null && isProbed(health_method);
}

/** The forms of targets. Every method that the hub runs has one, as the type Method demands. */
export const TARGET_FORMS = Object.fromEntries(targeted.map(({ name, target }) => [name, target])) as Record<
  TargetedMethod,
  TargetForm
>;

/** Returns the scheme of targets that speak TLS from the start; null: the method has none. */
export function secureScheme(method: ProbedMethod): string | null {
  const secure = Object.entries(TARGET_FORMS[method].schemes).find(([, { tls }]) => tls);
  return secure?.[0] ?? null;
}

const inOrderOfRunners = RUNNERS.flatMap((runner) => ALL.filter((method) => method.runner === runner));

/** Names methods in a sentence of the API's document. */
export function namesOfMethods(isNamed: (method: Method) => boolean): string {
  const names = inOrderOfRunners.filter(isNamed).map(({ name }) => `\`${name}\``);
  return inWords(names, "and");
}

/** Returns `a, b or c`. */
export function inWords(names: readonly string[], last: "and" | "or"): string {
  return [names.slice(0, -1).join(", "), ...names.slice(-1)].filter(Boolean).join(` ${last} `);
}

type Intersection<U> = (U extends unknown ? (each: U) => void : never) extends (all: infer I) => void ? I : never;
type AllOptions = Intersection<Defined["options"]>;
export type OptionName = keyof AllOptions;
/** The schema of each option. */
export type OptionSchemas = { [K in OptionName]: AllOptions[K]["schema"] };

/** The options of all methods. Methods that have an option of the same name share its definition. */
export const OPTIONS = Object.assign({}, ...inOrderOfRunners.map(({ options }) => options)) as Record<
  OptionName,
  Option
>;
export const OPTION_NAMES = Object.keys(OPTIONS) as OptionName[]; // the keys of the object above

export function isOption(key: string): key is OptionName {
  return Object.hasOwn(OPTIONS, key);
}

export function hasOption(method: Method, name: OptionName): boolean {
  return Object.hasOwn(method.options, name);
}

/** Options with which an answer is compared, or with parts of them. */
export const COMPARED_OPTIONS = OPTION_NAMES.filter((name) => OPTIONS[name].isCompared !== undefined);

/** Returns the names of the methods that have the option. */
export function methodsWith(name: OptionName): HealthMethod[] {
  return ALL.filter((method) => hasOption(method, name)).map((method) => method.name);
}
