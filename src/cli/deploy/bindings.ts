/** Compares the bindings of wrangler.toml with those that the code declares. */

import type { BindingKind } from "../../core/hub/binding-kinds.ts";
import type { DeployedConfig } from "./config.ts";
import { type Finding, orFine, wrong } from "./finding.ts";

/** Compares in both directions. */
export function bindingFindings(config: DeployedConfig, declared: ReadonlyMap<string, BindingKind>): Finding[] {
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

function boundProblem(name: string, kind: BindingKind, declared: ReadonlyMap<string, BindingKind>): Finding[] {
  const expected = declared.get(name);
  if (expected === kind) return [];
  if (expected === undefined) return [wrong(`binding ${name}: wrangler.toml has this ${kind}, and the code lacks it`)];
  return [wrong(`binding ${name}: a ${kind} in wrangler.toml, and a ${expected} in the code`)];
}

function unboundProblem(name: string, kind: BindingKind): Finding {
  return wrong(`binding ${name}: the code declares it (${kind}), and wrangler.toml lacks it`);
}

function boundBindings(config: DeployedConfig): [name: string, kind: BindingKind][] {
  return [
    ...config.d1_databases.map(({ binding }) => [binding, "D1 database"] as [string, BindingKind]),
    ...(config.queues.producers ?? []).map(({ binding }) => [binding, "queue"] as [string, BindingKind]),
    ...config.durable_objects.bindings.map(({ name }) => [name, "Durable Object"] as [string, BindingKind]),
    ...config.ratelimits.map(({ name }) => [name, "rate limit"] as [string, BindingKind]),
  ];
}
