/** What the hub fails to take in says that it could not hear, and so that nobody was silent. */
import type { MiddlewareHandler } from "hono";
import type { HubEnv } from "./context.ts";

/** For routes by which services and agents report. The handler of an error sets the answer before this looks at it. */
const noteDeafness: MiddlewareHandler<HubEnv> = async (c, next) => {
  await next();
  if (c.res.status >= 500) await c.var.hub.couldNotHear();
};

type OneOrMore = MiddlewareHandler<HubEnv> | MiddlewareHandler<HubEnv>[];

export function withDeafness<S>({ middleware, security }: { middleware: OneOrMore; security: S }) {
  return { middleware: [noteDeafness, ...[middleware].flat()], security };
}
