/** Bindings of an invocation that ends in the middle: from one call on, nothing comes back and nothing happens any more. */
import type { Bindings } from "../../src/platform/bindings.ts";

const STATEMENT_CALLS = ["all", "raw", "run", "first"];
const QUEUE_CALLS = ["send", "sendBatch"];

/** Thrown by whatever is called after the end. */
export class InvocationEnded extends Error {
  override name = "InvocationEnded";
}

type Call = (...args: unknown[]) => unknown;

/**
 * `calls`: how many calls of bindings succeed. `isDone`: whether the one after them still does what it was asked to,
 * though nobody hears of it.
 */
export function dyingEnv(env: Bindings, calls: number, isDone: boolean): Bindings {
  let made = 0;
  const mortal = async (call: () => unknown): Promise<unknown> => {
    made += 1;
    if (made > calls + 1 || (made === calls + 1 && !isDone)) throw new InvocationEnded("the invocation has ended");
    const result = await call();
    if (made > calls) throw new InvocationEnded("the invocation has ended");
    return result;
  };
  return new Proxy(env, {
    get(target, name) {
      const binding: unknown = Reflect.get(target, name);
      if (name === "DB") return mortalDatabase(target.DB, mortal);
      if (typeof binding !== "object" || binding === null) return binding;
      if ("idFromName" in binding) return mortalNamespace(binding as DurableObjectNamespace, mortal);
      return "sendBatch" in binding ? wrapped(binding, QUEUE_CALLS, mortal) : binding;
    },
  });
}

type Mortal = (call: () => unknown) => Promise<unknown>;

/** Returns the object with these calls replaced; all other members keep their `this`. */
function wrapped<T extends object>(object: T, calls: readonly string[], mortal: Mortal): T {
  return new Proxy(object, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      const call = (member as Call).bind(target);
      return calls.includes(String(name)) ? (...args: unknown[]) => mortal(() => call(...args)) : call;
    },
  });
}

function mortalDatabase(db: D1Database, mortal: Mortal): D1Database {
  const originals = new WeakMap<object, D1PreparedStatement>();
  const prepared = (statement: D1PreparedStatement): D1PreparedStatement => {
    const proxy = new Proxy(wrapped(statement, STATEMENT_CALLS, mortal), {
      get: (target, name) =>
        name === "bind" ? (...args: unknown[]) => prepared(statement.bind(...args)) : Reflect.get(target, name),
    });
    originals.set(proxy, statement);
    return proxy;
  };
  return new Proxy(db, {
    get(target, name) {
      if (name === "prepare") return (query: string) => prepared(target.prepare(query));
      if (name !== "batch") return (Reflect.get(target, name) as Call).bind(target);
      return (statements: D1PreparedStatement[]) =>
        mortal(() => target.batch(statements.map((statement) => originals.get(statement) ?? statement)));
    },
  });
}

function mortalNamespace(namespace: DurableObjectNamespace, mortal: Mortal) {
  return new Proxy(namespace, {
    get(target, name) {
      const member = (Reflect.get(target, name) as Call).bind(target);
      if (name !== "get") return member;
      return (...args: unknown[]) => {
        const stub = member(...args) as Record<string, Call>;
        return new Proxy(stub, {
          get:
            (object, method) =>
            (...given: unknown[]) =>
              mortal(() => object[String(method)]?.(...given)),
        });
      };
    },
  });
}
