/** JSONPath (RFC 9535, without its two functions for regular expressions) with a limit on the work, because a short path can ask for more than a hub can do in hours. */

import { JSONPathEnvironment, JSONPathRecursionLimitError, type JSONValue } from "json-p3";
import { messageOf } from "./error-message.ts";
import type { Result } from "./result.ts";

/** Limit of the nodes that one path selects. Further nodes are ignored. */
const MAX_NODES = 10_000;
/** Looks into a document. They take less than half a second. */
export const MAX_STEPS = 300_000;

/** The budget is spent. */
class TooCostly extends Error {}

/** How often a document may still be looked into. */
export interface Budget {
  steps: number;
}

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
    if (/\b(match|search)\s*\(/.test(path))
      return "match() and search() are not supported: a regular expression can take for ever";
    return messageOf(error);
  }
}

/**
 * Returns the values that the path selects, or why the document can't be looked through. `document` must be a value that
 * JSON.parse returned.
 */
export function select(document: unknown, path: string, budget: Budget): Result<unknown[], string> {
  const counted = new CountedDocument(budget);
  const values: unknown[] = [];
  try {
    for (const node of environment().lazyQuery(path, counted.wrap(document) as JSONValue)) {
      values.push(counted.unwrap(node.value));
      if (values.length >= MAX_NODES) break;
    }
  } catch (error) {
    return { ok: false, error: troubleOf(error) };
  }
  return { ok: true, value: values };
}

function troubleOf(error: unknown): string {
  if (error instanceof TooCostly) return "looking for it takes too many steps in this document";
  return error instanceof JSONPathRecursionLimitError
    ? "the document is nested too deeply to look for it everywhere"
    : messageOf(error);
}

/** Shows a document through proxies that count each look into an object or array, wherever the library makes it. */
class CountedDocument {
  readonly #proxies = new WeakMap<object, object>();
  readonly #originals = new WeakMap<object, object>();
  readonly #handler: ProxyHandler<object>;

  constructor(budget: Budget) {
    const count = () => {
      budget.steps -= 1;
      if (budget.steps < 0) throw new TooCostly();
    };
    this.#handler = {
      get: (target, key) => {
        count();
        return this.wrap(Reflect.get(target, key));
      },
      has: (target, key) => {
        count();
        return Reflect.has(target, key);
      },
      ownKeys: (target) => {
        count();
        return Reflect.ownKeys(target);
      },
      getOwnPropertyDescriptor: (target, key) => {
        count();
        return Reflect.getOwnPropertyDescriptor(target, key);
      },
    };
  }

  wrap(value: unknown): unknown {
    if (typeof value !== "object" || value === null) return value;
    const known = this.#proxies.get(value);
    if (known !== undefined) return known;
    const proxy = new Proxy(value, this.#handler);
    this.#proxies.set(value, proxy);
    this.#originals.set(proxy, value);
    return proxy;
  }

  unwrap(value: unknown): unknown {
    return typeof value === "object" && value !== null ? (this.#originals.get(value) ?? value) : value;
  }
}
