/**
 * Rules on what a check says as a whole: options that its method ignores, and what its method itself refuses. Without
 * them a mistake would look like a service that is down, or up, for ever.
 */
import { hasOption, isOption, methodOf, OPTIONS, type OptionName } from "../methods/index.ts";
import { atOption, type RuleDeps } from "../methods/method.ts";
import type { FieldError } from "../values/fields.ts";
import { pathError } from "../values/json-path.ts";
import type { ServiceInput } from "./service-definition.ts";
import { parseLeniently } from "./target.ts";

type Checked = Pick<ServiceInput, "health_method" | "health_url" | "health_options" | "agent"> & {
  /** Absent: not known here, so nothing is said of it. */
  container_id?: string | null;
};

const DEPS: RuleDeps = { pathError };

/** Returns what is wrong with the options of a check, with the path of each wrong field. */
export function optionErrors(input: Checked): FieldError[] {
  const { health_method, health_options } = input;
  const given = Object.keys(health_options).filter(isOption);
  const names = given.filter((name) => health_options[name] !== undefined);
  const target = parseLeniently(health_method, input.health_url);
  return [
    ...misplaced(names, input),
    ...agentErrors(input),
    ...methodOf(health_method).refusals({ ...input, target }),
    ...names.flatMap((name) => valueErrors(name, health_options[name])),
  ];
}

function misplaced(names: readonly OptionName[], { health_method, agent, container_id }: Checked): FieldError[] {
  const method = methodOf(health_method);
  const mayBeInContainer = method.isOfContainer === true || (agent !== null && container_id !== null); // undefined is not null
  const foreign = names.filter((name) => !hasOption(method, name));
  const outside = names.filter((name) => OPTIONS[name].ofContainers === true && !mayBeInContainer);
  return [
    ...foreign.map((name) => atOption(name, `does not apply to the method ${health_method}`)),
    ...outside
      .filter((name) => hasOption(method, name))
      .map((name) => atOption(name, "applies only to a service in a container")),
  ];
}

function agentErrors({ health_method, agent }: Checked): FieldError[] {
  const isMissing = methodOf(health_method).runner === "agent" && agent === null;
  return isMissing ? [{ path: "agent", message: `needed for ${health_method}` }] : [];
}

function valueErrors(name: OptionName, value: unknown): FieldError[] {
  const errors = OPTIONS[name].refusals?.(value, DEPS) ?? [];
  return errors.map(({ path, message }) => atOption(name + path, message));
}
