import { z } from "zod";
import { secretNames } from "../service/secrets.ts";
import type { FieldError } from "../values/fields.ts";
import { atOption, defineMethod, type OptionValues, option, type RuleDeps } from "./method.ts";
import { containerUse, timed } from "./shared-options.ts";
import { NO_PARTS } from "./target-form.ts";

const REQUEST_METHODS = ["GET", "HEAD", "POST"] as const;

/** Headers whose values are secrets. Their values must refer to a secret by its name, so that no secret is stored. */
const SECRET_HEADER = /^(authorization|proxy-authorization|cookie|x-api-key|x-auth-token)$/i;
/** Headers that describe the connection, which belongs to the probe (RFC 9110, 7.6.1, 10.1.1). */
const CONNECTION_HEADER =
  /^(connection|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|expect|http2-settings)$/i;
/** Cloudflare sets them, or refuses requests that have them. */
const PLATFORM_HEADER = /^(cf-.*|cdn-loop)$/i;

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

const jsonAssertion = z.strictObject({
  path: z.string().min(1).max(256).describe("JSONPath, without match() and search()"),
  op: z.enum(["==", "!=", "<", "<=", ">", ">=", "exists", "contains"]),
  value: z
    .union([z.string(), z.number(), z.boolean(), z.null()], { error: "expected a text, a number, true, false or null" })
    .optional()
    .describe("A number for < <= > >=; true or false for exists"),
});

const options = {
  ...timed,
  ...containerUse,
  method: option({
    schema: z.enum(REQUEST_METHODS),
    meaning: "GET, HEAD or POST.",
    ...{ example: "HEAD", input: REQUEST_METHODS },
  }),
  headers: option({
    schema: z.record(z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, "expected a header name"), z.string().max(1024)),
    meaning: "Headers to send; Host names a virtual host.",
    ...{ example: { accept: "application/json" }, input: "json" },
  }),
  body: option({
    schema: z.string().max(2048),
    meaning: "Body to send with POST.",
    ...{ example: "{}", input: "text" },
  }),
  expected_status: option({
    schema: z.array(statusRange).min(1).max(20),
    meaning: "Codes and ranges that pass. Without it: 200-299.",
    ...{ example: [200, "300-399"], input: "json" },
  }),
  body_contains: option({
    schema: z.string().min(1).max(512),
    meaning: "Text that the body must contain.",
    ...{ example: "ok", input: "text", isCompared: true },
  }),
  body_not_contains: option({
    schema: z.string().min(1).max(512),
    meaning: "Text that the body must not contain.",
    ...{ example: "error", input: "text", isCompared: true },
  }),
  json: option({
    schema: z.array(jsonAssertion).max(10),
    meaning:
      "What must hold in a JSON body: a JSONPath (without match() and search()), one of == != < <= > >= exists contains, and a value.",
    ...{ example: [{ path: "$.status", op: "==", value: "ok" }], input: "json", isCompared: true },
    refusals: (assertions, deps) =>
      assertions.flatMap((assertion, index) => assertionErrors(assertion, `[${index}]`, deps)),
  }),
  follow_redirects: option({
    schema: z.boolean(),
    meaning: "Whether redirects are followed. Without it: yes.",
    ...{ example: false, input: "flag" },
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
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(headers)) {
    const message = headerError(name, value, given, agent) ?? (seen.has(name.toLowerCase()) ? "given twice" : null);
    if (message !== null) errors.push(atOption(`headers.${name}`, message));
    seen.add(name.toLowerCase());
  }
  return errors;
}

function headerError(name: string, value: string, given: HttpOptions, agent: string | null): string | null {
  if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) return "expected printable characters of Latin-1";
  if (CONNECTION_HEADER.test(name)) return "can't be sent: the probe itself decides how it is connected";
  if (agent === null && PLATFORM_HEADER.test(name)) return "can't be sent: Cloudflare sets it; let an agent check this";
  if (/^host$/i.test(name) && !/^[^\s/?#@\\,]+$/.test(value)) return "expected a host, or host:port";
  if (/^content-length$/i.test(name) && value !== lengthOf(given)) return "leave it out: the probe counts the body";
  if (!SECRET_HEADER.test(name) || secretNames(value).length > 0) return null;
  return "a secret is never stored in plain text: use ${PROBE_SECRET_NAME}";
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

type JsonAssertion = z.infer<typeof jsonAssertion>;

function assertionErrors({ path, op, value }: JsonAssertion, place: string, { pathError }: RuleDeps): FieldError[] {
  const wrongPath = pathError(path);
  const wrongValue = valueError(op, value);
  return [
    ...(wrongPath === null ? [] : [{ path: `${place}.path`, message: wrongPath }]),
    ...(wrongValue === null ? [] : [{ path: `${place}.value`, message: wrongValue }]),
  ];
}

function valueError(op: JsonAssertion["op"], value: unknown): string | null {
  switch (op) {
    case "<":
    case "<=":
    case ">":
    case ">=":
      return typeof value === "number" ? null : `needed for ${op}: a number`;
    case "exists":
      return value === undefined || typeof value === "boolean" ? null : "expected true or false, or none";
    default:
      return value === undefined ? `needed for ${op}: a text, a number, true, false or null` : null;
  }
}
