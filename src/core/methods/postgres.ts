import { z } from "zod";
import { queryRefusal } from "../service/secrets.ts";
import type { FieldError } from "../values/fields.ts";
import { atOption, atTarget, defineMethod, option } from "./method.ts";
import { containerUse, login, textErrors, timed } from "./shared-options.ts";
import { NO_PARTS, SSL_MODES } from "./target-form.ts";

const MOVES_THE_TARGET = ["host", "hostaddr", "port", "service"];
/** Parameters that the probe honours, or that change nothing for it (libpq, "Parameter Key Words"). */
const PARAMETERS =
  /^(user|password|dbname|sslmode|application_name|fallback_application_name|connect_timeout|client_encoding|keepalives.*|tcp_user_timeout)$/;

export const postgres = defineMethod({
  name: "postgres",
  checks:
    "A PostgreSQL server is ready for connections; with a password or a query, it takes the login and runs the query.",
  runner: "hub",
  target: {
    expected: "expected a postgres:// URL",
    example: "postgres://localhost:5432/app",
    schemes: { postgres: { tls: false, port: 5432 }, postgresql: { tls: false, port: 5432 } },
    parts({ user, password, name, query }) {
      const moves = MOVES_THE_TARGET.find((parameter) => query.has(parameter));
      if (moves !== undefined) {
        return { refused: `the parameter ${moves} is refused: host and port stand before the path` };
      }
      const wanted = query.get("sslmode") ?? "prefer";
      const sslmode = SSL_MODES.find((mode) => mode === wanted);
      if (sslmode === undefined) return { refused: `sslmode: expected one of ${SSL_MODES.join(", ")}` };
      return {
        ...NO_PARTS,
        user: user || query.get("user"),
        password: password || query.get("password"),
        database: name ?? query.get("dbname"),
        sslmode,
      };
    },
  },
  options: {
    ...timed,
    ...containerUse,
    ...login,
    query: option({
      schema: z.string().max(512),
      says: "one statement that only reads, to run after the login",
      meaning: "One statement that must work and only reads, with or without a password.",
      example: "SELECT 1",
      input: "text",
    }),
  },
  serviceType: () => "database",
  refusals({ health_url, health_options: options, target }) {
    if (target === null) return [];
    const refusal = queryRefusal(options.query, [options.user, target.user, target.database]);
    return [
      ...textErrors(options),
      ...(refusal === null ? [] : [atOption("query", refusal)]),
      ...parameterErrors(health_url),
    ];
  },
});

/** A parameter that is ignored would make another check of it than libpq makes. */
function parameterErrors(url: string): FieldError[] {
  const names = [...new URLSearchParams(/\?([^#]*)/.exec(url)?.[1] ?? "").keys()];
  const ignored = names.find((name) => !PARAMETERS.test(name));
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (ignored !== undefined) return [atTarget(`the parameter ${ignored} is not supported`)];
  return twice === undefined ? [] : [atTarget(`the parameter ${twice} is given twice`)];
}
