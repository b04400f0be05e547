import { z } from "zod";
import { secretNames } from "../service/secrets.ts";
import type { FieldError } from "../values/fields.ts";
import { jsonAnswer } from "./json-answer.ts";
import { atOption, defineMethod, type OptionValues, option } from "./method.ts";
import { headerErrors, requestHeaders } from "./request-headers.ts";
import { containerUse, timed } from "./shared-options.ts";
import { NO_PARTS } from "./target-form.ts";

const REQUEST_METHODS = ["GET", "HEAD", "POST"] as const;

const statusRange = z
  .union([
    z.int().min(100).max(599),
    z
      .string()
      .regex(/^[1-5]\d\d(-[1-5]\d\d)?$/, "expected a code like 200 or a range like 200-299")
      .refine(isRising, "expected a range from a lower code to a higher one"),
  ])
  .describe("A status code or a range such as `200-299`");

function isRising(range: string): boolean {
  const [low = "", high = low] = range.split("-");
  return low <= high;
}

const options = {
  ...timed,
  ...containerUse,
  method: option({
    schema: z.enum(REQUEST_METHODS),
    meaning: "GET, HEAD or POST.",
    example: "HEAD",
    input: REQUEST_METHODS,
  }),
  ...requestHeaders,
  body: option({
    schema: z.string().max(2048),
    meaning: "Body to send with POST.",
    example: "{}",
    input: "text",
  }),
  expected_status: option({
    schema: z.array(statusRange).min(1).max(20),
    meaning: "Codes and ranges that pass. Without it: 200-299.",
    example: [200, "300-399"],
    input: "json",
  }),
  body_contains: option({
    schema: z.string().min(1).max(512),
    meaning: "Text that the body must contain.",
    example: "ok",
    input: "text",
    isCompared: true,
  }),
  body_not_contains: option({
    schema: z.string().min(1).max(512),
    meaning: "Text that the body must not contain.",
    example: "error",
    input: "text",
    isCompared: true,
  }),
  ...jsonAnswer,
  follow_redirects: option({
    schema: z.boolean(),
    meaning: "Whether redirects are followed. Without it: yes.",
    example: false,
    input: "flag",
  }),
};

type HttpOptions = OptionValues<typeof options>;

export const http = defineMethod({
  name: "http",
  checks: "An HTTP request is answered with an expected status, and with a body as it should be.",
  runner: "hub",
  target: {
    expected: "expected an http:// or https:// URL",
    example: "http://localhost:8080/health",
    schemes: { http: { tls: false, port: 80 }, https: { tls: true, port: 443 } },
    userIsToken: true,
    parts: ({ user, password, path }) => ({ ...NO_PARTS, path, user: user || null, password: password || null }),
  },
  options,
  serviceType: (target) =>
    /^api[.-]/.test(target?.host ?? "") || /^\/(api|v\d+|graphql|rpc)\b/.test(target?.path ?? "") ? "api" : "web",
  refusals: ({ health_options, agent }) => [
    ...requestErrors(health_options, agent),
    ...conditionErrors(health_options),
  ],
});

/** Requests that can't be sent. */
function requestErrors(given: HttpOptions, agent: string | null): FieldError[] {
  const { method = "GET", body, headers = {} } = given;
  const errors: FieldError[] = [];
  if (body !== undefined && method !== "POST") {
    errors.push(atOption("body", `${method} sends no body: set method to POST`));
  }
  if (method === "HEAD") {
    for (const key of ["body_contains", "body_not_contains", "json"] as const) {
      if (given[key] !== undefined) errors.push(atOption(key, "the answer to HEAD has no body: use GET"));
    }
  }
  return [...errors, ...headerErrors(headers, agent, lengthOf(given))];
}

/** Null when nobody knows yet, because a secret is a part of the body. */
function lengthOf({ method, body }: HttpOptions): string | null {
  if (body === undefined) return method === "POST" ? "0" : null;
  if (secretNames(body).length > 0) return null;
  return String(new TextEncoder().encode(body).length);
}

/** Conditions that no answer fulfils. */
function conditionErrors(given: HttpOptions): FieldError[] {
  const { expected_status, follow_redirects, body_contains, body_not_contains } = given;
  const errors: FieldError[] = [];
  expected_status?.forEach((range, index) => {
    if (/^1\d\d$/.test(String(range).split("-").at(-1) ?? "")) {
      errors.push(atOption(`expected_status[${index}]`, "no answer ends with 1xx: expected 200 to 599"));
    }
  });
  const onlyRedirects = expected_status?.every((range) => /^30[12378](-30[12378])?$/.test(String(range))) ?? false;
  if (follow_redirects === true && onlyRedirects) {
    errors.push(atOption("follow_redirects", "a redirect that is followed is never the status: set it to false"));
  }
  const wantsBody = body_contains !== undefined || (given.json ?? []).length > 0;
  if (wantsBody && expected_status?.every((range) => /^(204|205|304)(-\1)?$/.test(String(range))) === true) {
    errors.push(atOption("expected_status", "these answers have no body, and the check asks for one"));
  }
  if (body_not_contains !== undefined && body_contains?.includes(body_not_contains) === true) {
    errors.push(atOption("body_not_contains", "is a part of body_contains, so no body fulfils both"));
  }
  return errors;
}
