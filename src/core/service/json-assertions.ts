/** Assertions on a JSON response: a JSONPath (RFC 9535), an operator and a value. */
import { type Budget, MAX_STEPS, pathError, select } from "../values/json-path.ts";
import { depthWithin } from "../values/json-value.ts";
import type { HealthOptions } from "./options.ts";

export type JsonAssertion = NonNullable<HealthOptions["json"]>[number];

const SHOWN_CHARACTERS = 60;
/** Functions that follow the levels of a document one inside the other need little of the stack for so many. */
const MAX_DEPTH = 500;

/**
 * Returns why the first failed assertion fails; null: all hold. When a path selects several values, all of them must
 * comply. A path without values fails, but `exists` with the value `false` then holds. `document` must be a value that
 * JSON.parse returned. One that can't be judged fails, because no service may keep itself from being down by sending one:
 * it is nested too deeply, or the paths together take more than MAX_STEPS in it.
 */
export function failedAssertion(document: unknown, assertions: readonly JsonAssertion[]): string | null {
  if (!depthWithin(document, MAX_DEPTH)) return `the JSON is nested deeper than ${MAX_DEPTH} levels`;
  const budget: Budget = { steps: MAX_STEPS };
  for (const assertion of assertions) {
    const error = pathError(assertion.path);
    if (error !== null) return `${assertion.path}: ${error}`;
    const selected = select(document, assertion.path, budget);
    const failure = selected.ok ? failureOf(assertion, selected.value) : `${assertion.path}: ${selected.error}`;
    if (failure !== null) return failure;
  }
  return null;
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
