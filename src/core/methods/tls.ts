import { z } from "zod";
import { canonicalHost } from "../service/address.ts";
import { atOption, defineMethod, option } from "./method.ts";
import { containerUse, timed } from "./shared-options.ts";
import { NO_PARTS } from "./target-form.ts";

export const DEFAULT_WARN_DAYS = 21;
export const DEFAULT_FAIL_DAYS = 3;

const days = z.number().min(0).max(3_650);

export const tls = defineMethod({
  name: "tls",
  checks: "An agent sees that a server's certificate is trusted, is for its name, and does not end soon.",
  runner: "agent",
  target: {
    expected: "expected host:port",
    example: "example.com:443",
    schemes: { tls: { tls: true, port: 443 } },
    bareScheme: "tls",
    isEndpointOnly: true,
    parts: () => NO_PARTS,
  },
  options: {
    ...timed,
    ...containerUse,
    warn_days: option({
      schema: days,
      says: `days before the end of the certificate below which the service is degraded; default ${DEFAULT_WARN_DAYS}`,
      meaning: `Fewer days before the certificate ends are degraded. Without it: ${DEFAULT_WARN_DAYS}.`,
      example: 30,
      input: "number",
    }),
    fail_days: option({
      schema: days,
      says: `days before the end of the certificate below which the check fails; default ${DEFAULT_FAIL_DAYS}`,
      meaning: `With fewer days before the certificate ends the check fails. Without it: ${DEFAULT_FAIL_DAYS}.`,
      example: 7,
      input: "number",
    }),
    server_name: option({
      schema: z.string().min(1).max(253),
      says: "name that is asked for and that the certificate must be for; default the target's host",
      meaning: "Name that is asked for and that the certificate must be for. Without it: the host.",
      example: "www.example.com",
      input: "text",
    }),
    chain: option({
      schema: z.boolean(),
      says: "whether the certificate must be trusted and for the name; default true, else only its dates count",
      meaning: "Whether the certificate must be trusted and for the name, or only its dates count. Without it: yes.",
      example: false,
      input: "flag",
    }),
  },
  serviceType: (target) => (target?.port === 443 ? "web" : "other"),
  refusals({ health_options: { warn_days = DEFAULT_WARN_DAYS, fail_days = DEFAULT_FAIL_DAYS, server_name } }) {
    return [
      ...(fail_days > warn_days ? [atOption("fail_days", `expected at most warn_days (${warn_days})`)] : []),
      ...(server_name !== undefined && serverName(server_name) === null
        ? [atOption("server_name", "expected a host name or an IP address")]
        : []),
    ];
  },
});

/** Returns the canonical name, or address; null: it is neither. */
export function serverName(text: string): string | null {
  const host = canonicalHost(text.includes(":") ? `[${text}]` : text);
  return host.ok ? host.value : null;
}
