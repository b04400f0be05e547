/** JSONPath (RFC 9535, without its two functions for regular expressions) with a limit on the work, because a short path can ask for more than a hub can do in hours. */

import { JSONPathEnvironment, type JSONValue } from "json-p3";
import { messageOf } from "./error-message.ts";

/** Limit of the nodes that one path selects. Further nodes are ignored. */
const MAX_NODES = 10_000;
/** Looks into a document. They take less than half a second. */
export const MAX_STEPS = 300_000;

/** The path asks for more than `MAX_STEPS`, or the document is nested too deeply for it. */
export class PathTooCostly extends Error {
  override name = "PathTooCostly";
}

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

/** `document` must be a value that JSON.parse returned. Throws PathTooCostly when the budget is spent. */
export function select(document: unknown, path: string, budget: Budget): unknown[] {
  const counted = new CountedDocument(budget);
  const values: unknown[] = [];
  try {
    for (const node of environment().lazyQuery(path, counted.wrap(document) as JSONValue)) {
      values.push(counted.unwrap(node.value));
      if (values.length >= MAX_NODES) break;
    }
  } catch (error) {
    if (error instanceof PathTooCostly) throw error;
    // The path compiles, so what is left is the limit of the library on depth.
    throw new PathTooCostly(`${path}: ${messageOf(error)}`);
  }
  return values;
}

/** Shows a document through proxies that count each look into an object or array, wherever the library makes it. */
class CountedDocument {
  readonly #proxies = new WeakMap<object, object>();
  readonly #originals = new WeakMap<object, object>();
  readonly #handler: ProxyHandler<object>;

  constructor(budget: Budget) {
    const count = () => {
      budget.steps -= 1;
      if (budget.steps < 0) throw new PathTooCostly("the path takes too many steps in this document");
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
