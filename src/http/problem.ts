/** Errors as `application/problem+json` (RFC 9457). */
import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { FieldError } from "../core/values/fields.ts";
import { errorText, log, troubleOf } from "../platform/log.ts";
import { isAway, isConstraintError } from "../store/errors.ts";

const TITLES = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  412: "Precondition Failed",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  426: "Upgrade Required",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
} as const;
type ProblemStatus = keyof typeof TITLES;

const fieldErrorSchema = z
  .object({ path: z.string().describe("The wrong field, for example `health_options.method`"), message: z.string() })
  .openapi("FieldError");

const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    errors: z.array(fieldErrorSchema).optional(),
  })
  .openapi("Problem");

/** An error that the app turns into a response. Handlers throw it. */
export class Problem extends Error {
  override name = "Problem";
  readonly status: ProblemStatus;
  readonly errors: FieldError[] | undefined;
  readonly headers: Record<string, string>;

  constructor(
    status: ProblemStatus,
    detail: string,
    more: { errors?: FieldError[]; headers?: Record<string, string> } = {},
  ) {
    super(detail);
    this.status = status;
    this.errors = more.errors ?? (status === 400 ? [{ path: "", message: detail }] : undefined);
    this.headers = more.headers ?? {};
  }
}

export function invalid(errors: FieldError[]): Problem {
  const [first] = errors;
  const more = errors.length > 1 ? ` and ${errors.length - 1} more` : "";
  const detail = first === undefined ? "wrong input" : `${first.path === "" ? "input" : first.path}: ${first.message}`;
  return new Problem(400, `${detail}${more}`, { errors });
}

/** Returns the value. Throws a 404 when there is none; `what` names the kind of thing in the message. */
export function orNotFound<T>(value: T | undefined | null, what: string): T {
  if (value === undefined || value === null) throw new Problem(404, `no such ${what}`);
  return value;
}

export function problemResponse(c: Context, problem: Problem): Response {
  const { status, message, errors, headers } = problem;
  const body = { type: "about:blank", title: TITLES[status], status, detail: message, ...(errors && { errors }) };
  return c.body(JSON.stringify(body), status, { ...headers, "content-type": "application/problem+json" });
}

/** Converts any thrown value to a Problem. Logs it unless the caller caused it. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof HTTPException && isProblemStatus(error.status)) return new Problem(error.status, error.message);
  if (isConstraintError(error)) return new Problem(409, "changed by another request at the same time; try again");
  log("error", "request_failed", { error: errorText(error) });
  if (isAway(error)) {
    const detail = troubleOf(error) ?? "the hub's database is away or not yet set up";
    return new Problem(503, `${detail}; try again`, { headers: { "retry-after": "5" } });
  }
  return new Problem(500, "the hub failed to answer; this is not the request's fault");
}

function isProblemStatus(status: number): status is ProblemStatus {
  return Object.hasOwn(TITLES, status);
}

const content = { "application/problem+json": { schema: problemSchema } };
const descriptions: Partial<Record<ProblemStatus, string>> = {
  400: "The request is not valid; `errors` names each wrong field",
  401: "The key is missing or not valid",
  403: "The caller is not allowed to do this, for example because the key lacks the needed scope",
  404: "The resource does not exist",
  409: "The request conflicts with the current state, for example a name that is already used",
  412: "What `If-Match` names has changed since",
  413: "The body is larger than 256 KB; for a manifest in JSON, than 4 MB",
  415: "The content type of the body is not supported",
  429: "Too many requests; the `Retry-After` header says how many seconds to wait",
};

/** Returns the error responses for a route definition. */
export function problems<S extends ProblemStatus>(...statuses: S[]) {
  const response = (status: ProblemStatus) => ({ description: descriptions[status] ?? TITLES[status], content });
  return Object.fromEntries(statuses.map((status) => [status, response(status)])) as {
    [K in S]: { description: string; content: typeof content };
  };
}
