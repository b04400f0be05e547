/** The hub's API, typed by its own routes. */
import { type ClientResponse, hc } from "hono/client";
import type { AppType } from "../../http/app.ts";

export interface FieldError {
  path: string;
  message: string;
}

/** What the hub said instead of an answer (RFC 9457). Status 0: it did not answer at all. */
export class ApiProblem extends Error {
  override name = "ApiProblem";
  readonly status: number;
  readonly errors: FieldError[];

  constructor(status: number, detail: string, errors: FieldError[] = []) {
    super(detail);
    this.status = status;
    this.errors = errors;
  }
}

export const api = hc<AppType>(location.origin, { init: { credentials: "same-origin" } }).api;

type Body<R> =
  R extends ClientResponse<infer T, infer Status, string> ? (Status extends 200 | 201 | 202 ? T : never) : never;

/** The body of a successful answer. Throws an ApiProblem otherwise. */
export async function answerOf<R extends ClientResponse<unknown, number, string>>(
  request: Promise<R>,
): Promise<Body<R>> {
  const response = await answered(request);
  // The route types say which body belongs to which status; `ok` is what tells them apart at run time.
  return (await response.json()) as Body<R>;
}

/** For an answer without a body. */
export async function done(request: Promise<ClientResponse<unknown, number, string>>): Promise<void> {
  await answered(request);
}

async function answered<R extends ClientResponse<unknown, number, string>>(request: Promise<R>): Promise<R> {
  let response: R;
  try {
    response = await request;
  } catch {
    throw new ApiProblem(0, "the hub does not answer");
  }
  if (response.ok) return response;
  throw await problemOf(response);
}

export async function problemOf(response: Pick<Response, "status" | "json">): Promise<ApiProblem> {
  const said: unknown = await response.json().catch(() => null);
  const { detail, errors } = isProblem(said) ? said : { detail: undefined, errors: undefined };
  return new ApiProblem(response.status, detail ?? `the hub answered ${response.status}`, errors ?? []);
}

function isProblem(value: unknown): value is { detail?: string; errors?: FieldError[] } {
  return typeof value === "object" && value !== null && "detail" in value;
}

/** A problem in words for a person. */
export function problemText(error: unknown): string {
  return error instanceof Error ? error.message : "something went wrong";
}
