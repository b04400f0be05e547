/** The option `headers` of methods that begin with a request over HTTP. */
import { z } from "zod";
import { secretNames } from "../service/secrets.ts";
import type { FieldError } from "../values/fields.ts";
import { atOption, option } from "./method.ts";

/** Headers whose values are secrets. Their values must refer to a secret by its name, so that no secret is stored. */
const SECRET_HEADER = /^(authorization|proxy-authorization|cookie|x-api-key|x-auth-token)$/i;
/** Headers that describe the connection, which belongs to the probe (RFC 9110, 7.6.1, 10.1.1). */
const CONNECTION_HEADER =
  /^(connection|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|expect|http2-settings)$/i;
/** Cloudflare sets them, or refuses requests that have them. */
const PLATFORM_HEADER = /^(cf-.*|cdn-loop)$/i;

export const requestHeaders = {
  headers: option({
    schema: z.record(z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, "expected a header name"), z.string().max(1024)),
    meaning: "Headers to send; Host names a virtual host.",
    example: { accept: "application/json" },
    input: "json",
  }),
};

/** Headers that can't be sent. `length`: of the body, in bytes; null: there is none, or it is not known yet. */
export function headerErrors(
  headers: Readonly<Record<string, string>>,
  agent: string | null,
  length: string | null,
): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(headers)) {
    const message = headerError(name, value, agent, length) ?? (seen.has(name.toLowerCase()) ? "given twice" : null);
    if (message !== null) errors.push(atOption(`headers.${name}`, message));
    seen.add(name.toLowerCase());
  }
  return errors;
}

function headerError(name: string, value: string, agent: string | null, length: string | null): string | null {
  if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) return "expected printable characters of Latin-1";
  if (CONNECTION_HEADER.test(name)) return "can't be sent: the probe itself decides how it is connected";
  if (agent === null && PLATFORM_HEADER.test(name)) return "can't be sent: Cloudflare sets it; let an agent check this";
  if (/^host$/i.test(name) && !/^[^\s/?#@\\,]+$/.test(value)) return "expected a host, or host:port";
  if (/^content-length$/i.test(name) && value !== length) return "leave it out: the probe counts the body";
  if (!SECRET_HEADER.test(name) || secretNames(value).length > 0) return null;
  return "a secret is never stored in plain text: use ${PROBE_SECRET_NAME}";
}
