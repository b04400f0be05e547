/** Assertions on a JSON response: a JSONPath (RFC 9535), an operator and a value. */
import { JSONPathEnvironment, type JSONValue } from "json-p3";
import type { HealthOptions } from "./options.ts";

export type JsonAssertion = NonNullable<HealthOptions["json"]>[number];

/** Limit of the nodes that one path selects. Further nodes are ignored. */
const MAX_NODES = 10_000;
const SHOWN_CHARACTERS = 60;

/** JSONPath without `match` and `search`, because a regular expression can block the processor for a very long time. */
function environment(): JSONPathEnvironment {
  const environment = new JSONPathEnvironment();
  for (const name of ["match", "search"]) environment.functionRegister.delete(name);
  return environment;
}

/** Returns what is wrong with the path; null: nothing. */
export function pathError(path: string): string | null {
  try {
    environment().compile(path);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * Returns why the first failed assertion fails; null: all hold. When a path selects several values, all of them must
 * comply. A path without values fails, but `exists` with the value `false` then holds.
 */
export function failedAssertion(document: unknown, assertions: readonly JsonAssertion[]): string | null {
  for (const assertion of assertions) {
    const error = pathError(assertion.path);
    if (error !== null) return `${assertion.path}: ${error}`;
    const failure = failureOf(assertion, select(document, assertion.path));
    if (failure !== null) return failure;
  }
  return null;
}

/** `document` must be a value that JSON.parse returned. */
function select(document: unknown, path: string): unknown[] {
  const values: unknown[] = [];
  for (const node of environment().lazyQuery(path, document as JSONValue)) {
    values.push(node.value);
    if (values.length >= MAX_NODES) break;
  }
  return values;
}

function failureOf({ path, op, value }: JsonAssertion, selected: unknown[]): string | null {
  if (op === "exists") {
    const wanted = value !== false;
    return selected.length > 0 === wanted ? null : `${path} ${wanted ? "is absent" : "is there"}`;
  }
  if (selected.length === 0) return `${path} is absent`;
  const expected = value ?? null;
  const wrong = selected.findIndex((actual) => !complies(actual, op, expected));
  return wrong === -1 ? null : `${path} is ${shortJson(selected[wrong])}, expected ${op} ${shortJson(expected)}`;
}

type Comparison = Exclude<JsonAssertion["op"], "exists">;

function complies(actual: unknown, op: Comparison, expected: unknown): boolean {
  switch (op) {
    case "==":
      return actual === expected;
    case "!=":
      return actual !== expected;
    case "contains":
      return contains(actual, expected);
    case "<":
      return compare(actual, expected, (order) => order < 0);
    case "<=":
      return compare(actual, expected, (order) => order <= 0);
    case ">":
      return compare(actual, expected, (order) => order > 0);
    case ">=":
      return compare(actual, expected, (order) => order >= 0);
  }
}

/** Compares two numbers or two texts. Returns false for any other pair. */
function compare(actual: unknown, expected: unknown, holds: (order: number) => boolean): boolean {
  if (typeof actual === "number" && typeof expected === "number") return holds(actual - expected);
  if (typeof actual !== "string" || typeof expected !== "string") return false;
  return holds(actual < expected ? -1 : Number(actual > expected));
}

/** Whether a text contains a text, a list an element, or an object a key. */
function contains(actual: unknown, expected: unknown): boolean {
  if (typeof actual === "string") return actual.includes(String(expected));
  if (Array.isArray(actual)) return actual.includes(expected);
  return typeof actual === "object" && actual !== null && Object.hasOwn(actual, String(expected));
}

function shortJson(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}
