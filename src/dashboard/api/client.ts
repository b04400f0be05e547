/** A client of the hub's API. Its types come from the routes of the API. */
import { hc } from "hono/client";
import { HubProblem } from "../../client/problem.ts";
import type { AppType } from "../../http/app.ts";

export { expectSuccess, type FieldError, HubProblem, problemOf, responseBody } from "../../client/problem.ts";

export const api = hc<AppType>(location.origin, { init: { credentials: "same-origin" } }).api;

/** Returns the text that a user reads about a problem. */
export function problemText(error: unknown): string {
  if (error instanceof HubProblem && error.status === 401) return "your session has ended: sign in, then try again";
  return error instanceof Error ? error.message : "something went wrong";
}
