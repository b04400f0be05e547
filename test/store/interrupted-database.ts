/** A database that does something else before one of its calls, as another invocation of the hub might. */
import { env } from "cloudflare:workers";
import { type Db, openDatabase } from "../../src/store/database.ts";

const CALLS = ["all", "raw", "run", "first"];

/** `before`: runs before each call, with its number. */
export function interruptedDatabase(before: (call: number) => Promise<void>): { db: Db; calls(): number } {
  const originals = new WeakMap<object, D1PreparedStatement>();
  let calls = 0;
  const wrapped = (statement: D1PreparedStatement): D1PreparedStatement => {
    const proxy = new Proxy(statement, {
      get(target, name) {
        const method: (...args: unknown[]) => unknown = Reflect.get(target, name).bind(target);
        if (name === "bind") return (...args: unknown[]) => wrapped(target.bind(...args));
        if (!CALLS.includes(String(name))) return method;
        return async (...args: unknown[]) => {
          await before(calls++);
          return await method(...args);
        };
      },
    });
    originals.set(proxy, statement);
    return proxy;
  };
  const d1 = new Proxy(env.DB, {
    get(target, name) {
      if (name === "prepare") return (query: string) => wrapped(target.prepare(query));
      if (name !== "batch") return Reflect.get(target, name).bind(target);
      return async (statements: D1PreparedStatement[]) => {
        await before(calls++);
        return await target.batch(statements.map((statement) => originals.get(statement) ?? statement));
      };
    },
  });
  return { db: openDatabase(d1), calls: () => calls };
}
