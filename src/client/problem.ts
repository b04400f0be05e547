/** The errors of a hub (RFC 9457), and what the body of a successful response is. */
import type { ClientResponse } from "hono/client";

/** `path` names the wrong field of the request, for example `services[0].health_url`. */
export interface FieldError {
  path: string;
  message: string;
}

/**
 * An error that the hub returned. `message` is its detail. `status` is the HTTP status, or 0 when the hub did not
 * answer; then `cause` says why. `errors` names each wrong field of the request.
 */
export class HubProblem extends Error {
  override name = "HubProblem";
  readonly status: number;
  readonly errors: readonly FieldError[];

  constructor(status: number, detail: string, options: { errors?: readonly FieldError[]; cause?: unknown } = {}) {
    super(detail, { cause: options.cause });
    this.status = status;
    this.errors = options.errors ?? [];
  }
}

/** The body that belongs to the successful statuses of a response. */
export type SuccessBody<R> =
  R extends ClientResponse<infer T, infer Status, string> ? (Status extends 200 | 201 | 202 ? T : never) : never;

/** Returns the body of a successful response. Throws a HubProblem otherwise. */
export async function responseBody<R extends ClientResponse<unknown, number, string>>(
  request: Promise<R>,
): Promise<SuccessBody<R>> {
  const response = await successfulResponse(request);
  const body = await response.json().catch((cause) => {
    throw new HubProblem(response.status, "the answer is not JSON; is this the URL of a hub?", { cause });
  });
  return body as SuccessBody<R>; // the types of the routes say which body belongs to which status
}

/** For a response without a body. Throws a HubProblem when the request fails. */
export async function expectSuccess(request: Promise<ClientResponse<unknown, number, string>>): Promise<void> {
  await successfulResponse(request);
}

async function successfulResponse<R extends ClientResponse<unknown, number, string>>(request: Promise<R>): Promise<R> {
  let response: R;
  try {
    response = await request;
  } catch (cause) {
    throw new HubProblem(0, "the hub does not answer", { cause });
  }
  if (response.ok) return response;
  throw await problemOf(response);
}

export async function problemOf(response: Pick<Response, "status" | "json">): Promise<HubProblem> {
  const body: unknown = await response.json().catch(() => null);
  if (!isProblem(body)) return new HubProblem(response.status, `the hub answered ${response.status}`);
  return new HubProblem(response.status, body.detail, { errors: body.errors ?? [] });
}

function isProblem(value: unknown): value is { detail: string; errors?: FieldError[] } {
  return typeof value === "object" && value !== null && "detail" in value && typeof value.detail === "string";
}
