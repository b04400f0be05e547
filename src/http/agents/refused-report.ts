/** A report that the hub fails to take in says that it could not hear its reporter, who therefore was not silent. */
import type { Context, MiddlewareHandler } from "hono";
import type { Reporter } from "../../core/board/board.ts";
import type { HubEnv } from "../context.ts";

/** Only the reporter gets its time again: an error that repeats for one must not hide the silence of all others. */
function noteRefusal(reporterOf: (c: Context<HubEnv>) => Reporter): MiddlewareHandler<HubEnv> {
  return async (c, next) => {
    await next();
    // The handler of an error has set the answer before.
    if (c.res.status >= 500) await c.var.hub.reportRefused(reporterOf(c));
  };
}

type OneOrMore = MiddlewareHandler<HubEnv> | MiddlewareHandler<HubEnv>[];

/** For routes by which services and agents report. `reporterOf`: who does, by the path. */
export function withRefusals<S>(
  reporterOf: (c: Context<HubEnv>) => Reporter,
  { middleware, security }: { middleware: OneOrMore; security: S },
) {
  return { middleware: [noteRefusal(reporterOf), ...[middleware].flat()], security };
}
