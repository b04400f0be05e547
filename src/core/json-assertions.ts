/** Assertions on a JSON answer: a JSONPath (RFC 9535), an operator and a value. */
import { JSONPathEnvironment, type JSONValue } from "json-p3";
import type { HealthOptions } from "./options.ts";

export type JsonAssertion = NonNullable<HealthOptions["json"]>[number];

/** Nodes that one path may select; more says that the path is not about one thing. */
const MAX_NODES = 10_000;
const SHOWN_CHARACTERS = 60;

/** JSONPath without `match` and `search`: a regular expression can hold the processor for ever. */
function environment(): JSONPathEnvironment {
  const environment = new JSONPathEnvironment();
  for (const name of ["match", "search"]) environment.functionRegister.delete(name);
  return environment;
}

/** Null when the path is fine, otherwise what is wrong with it. */
export function pathError(path: string): string | null {
  try {
    environment().compile(path);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * Null when all hold, otherwise the first that does not, in words. A path that selects several values wants all of
 * them to comply, one that selects none fails; `exists` with the value `false` wants it to select none.
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

/** `document` comes from JSON.parse, which makes JSON values only. */
function select(document: unknown, path: string): unknown[] {
  const values: unknown[] = [];
  for (const node of environment().lazyQuery(path, document as JSONValue)) {
    values.push(node.value);
    if (values.length >= MAX_NODES) break;
  }
  return values;
}

function failureOf({ path, op, value }: JsonAssertion, found: unknown[]): string | null {
  if (op === "exists") {
    const wanted = value !== false;
    return found.length > 0 === wanted ? null : `${path} ${wanted ? "is absent" : "is there"}`;
  }
  if (found.length === 0) return `${path} is absent`;
  const expected = value ?? null;
  const wrong = found.findIndex((actual) => !complies(actual, op, expected));
  return wrong === -1 ? null : `${path} is ${shown(found[wrong])}, expected ${op} ${shown(expected)}`;
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

/** Numbers with numbers, texts with texts; anything else has no order. */
function compare(actual: unknown, expected: unknown, holds: (order: number) => boolean): boolean {
  if (typeof actual === "number" && typeof expected === "number") return holds(actual - expected);
  if (typeof actual !== "string" || typeof expected !== "string") return false;
  return holds(actual < expected ? -1 : Number(actual > expected));
}

/** A text in a text, an element in a list, a key in an object. */
function contains(actual: unknown, expected: unknown): boolean {
  if (typeof actual === "string") return actual.includes(String(expected));
  if (Array.isArray(actual)) return actual.includes(expected);
  return typeof actual === "object" && actual !== null && Object.hasOwn(actual, String(expected));
}

function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}
