/** A client of the hub's API. Its types come from the routes of the API. */
import { type ClientResponse, hc } from "hono/client";
import type { AppType } from "../../http/app.ts";

export interface FieldError {
  path: string;
  message: string;
}

/** An error that the hub returned (RFC 9457). The status is 0 when the hub did not respond. */
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

/** Returns the body of a successful response. Throws an ApiProblem otherwise. */
export async function responseBody<R extends ClientResponse<unknown, number, string>>(
  request: Promise<R>,
): Promise<Body<R>> {
  const response = await successfulResponse(request);
  // The route types say which body belongs to which status. A response with `ok` has the body of a successful status.
  return (await response.json()) as Body<R>;
}

/** For a response without a body. Throws an ApiProblem when the request fails. */
export async function expectSuccess(request: Promise<ClientResponse<unknown, number, string>>): Promise<void> {
  await successfulResponse(request);
}

async function successfulResponse<R extends ClientResponse<unknown, number, string>>(request: Promise<R>): Promise<R> {
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
  const body: unknown = await response.json().catch(() => null);
  const { detail, errors } = isProblem(body) ? body : { detail: undefined, errors: undefined };
  return new ApiProblem(response.status, detail ?? `the hub answered ${response.status}`, errors ?? []);
}

function isProblem(value: unknown): value is { detail?: string; errors?: FieldError[] } {
  return typeof value === "object" && value !== null && "detail" in value;
}

/** Returns the text that a user reads about a problem. */
export function problemText(error: unknown): string {
  return error instanceof Error ? error.message : "something went wrong";
}
