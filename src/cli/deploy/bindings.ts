/** Compares the bindings of wrangler.toml with those that the code declares. */

import type { DeployedConfig } from "./deployed-config.ts";
import { type Finding, orFine, wrong } from "./finding.ts";

const KINDS = {
  D1Database: "D1 database",
  Queue: "queue",
  DurableObjectNamespace: "Durable Object",
  RateLimit: "rate limit",
} as const;
type Kind = (typeof KINDS)[keyof typeof KINDS];

/** Returns the kind of each binding of the interface `Bindings`; null: a type that this check does not know. */
export function declaredBindings(source: string): Map<string, Kind | null> {
  const body = /export interface Bindings \{([^}]*)\}/.exec(source)?.[1] ?? "";
  const kinds = new Map<string, Kind>(Object.entries(KINDS));
  const members = body.matchAll(/^\s*(\w+)\??: (\w+)/gm);
  return new Map([...members].map(([, name = "", type = ""]) => [name, kinds.get(type) ?? null]));
}

/** Compares in both directions. */
export function bindingFindings(config: DeployedConfig, declared: ReadonlyMap<string, Kind | null>): Finding[] {
  if (declared.size === 0) return [wrong("bindings: the interface Bindings was not found")];
  const bound = boundBindings(config);
  const names = bound.map(([name]) => name);
  const repeated = names.filter((name, index) => names.indexOf(name) !== index);
  const problems = [
    ...repeated.map((name) => wrong(`binding ${name}: wrangler.toml has it twice`)),
    ...bound.flatMap(([name, kind]) => boundProblem(name, kind, declared)),
    ...[...declared].filter(([name]) => !names.includes(name)).map(([name, kind]) => unboundProblem(name, kind)),
  ];
  return orFine(problems, `bindings: all ${declared.size} as the code declares them`);
}

function boundProblem(name: string, kind: Kind, declared: ReadonlyMap<string, Kind | null>): Finding[] {
  const expected = declared.get(name);
  if (expected === kind) return [];
  if (expected === undefined) return [wrong(`binding ${name}: wrangler.toml has this ${kind}, and Bindings lacks it`)];
  return [
    wrong(`binding ${name}: a ${kind} in wrangler.toml, and a ${expected ?? "type of another kind"} in Bindings`),
  ];
}

function unboundProblem(name: string, kind: Kind | null): Finding {
  return wrong(`binding ${name}: Bindings declares it (${kind ?? "of an unknown kind"}), and wrangler.toml lacks it`);
}

function boundBindings(config: DeployedConfig): [name: string, kind: Kind][] {
  return [
    ...config.d1_databases.map(({ binding }) => [binding, KINDS.D1Database] as [string, Kind]),
    ...(config.queues.producers ?? []).map(({ binding }) => [binding, KINDS.Queue] as [string, Kind]),
    ...config.durable_objects.bindings.map(({ name }) => [name, KINDS.DurableObjectNamespace] as [string, Kind]),
    ...config.ratelimits.map(({ name }) => [name, KINDS.RateLimit] as [string, Kind]),
  ];
}
