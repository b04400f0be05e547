import { atOption, atTarget, defineMethod } from "./method.ts";
import { containerUse, login, textErrors, timed } from "./shared-options.ts";
import { NO_PARTS, type Target } from "./target-form.ts";

const NUMBER = "expected the number of a database after the port, such as redis://host:6379/0";
const NEEDS_PASSWORD = "needs a password: Redis has no login without one";

export const redis = defineMethod({
  name: "redis",
  checks: "A Redis server takes the login, if there is one, and answers PING.",
  runner: "hub",
  target: {
    expected: "expected a redis:// or rediss:// URL",
    example: "redis://localhost:6379",
    schemes: { redis: { tls: false, port: 6379 }, rediss: { tls: true, port: 6379 } },
    parts: ({ user, password, name, query }) => ({
      ...NO_PARTS,
      user: user || query.get("user"),
      password: password || query.get("password"),
      database: numberIn(name ?? query.get("db")),
    }),
  },
  options: { ...timed, ...containerUse, ...login },
  serviceType: () => "cache",
  refusals({ health_url, health_options: options, target }) {
    if (target === null) return [];
    const errors = namesDatabase(health_url, target) ? [] : [atTarget(NUMBER)];
    const hasPassword = (options.password ?? target.password) !== null;
    if (!hasPassword && options.user !== undefined) errors.push(atOption("user", NEEDS_PASSWORD));
    else if (!hasPassword && target.user !== null) errors.push(atTarget(`the user ${NEEDS_PASSWORD}`));
    return [...errors, ...textErrors(options)];
  },
});

function numberIn(text: string | null): string | null {
  return text !== null && /^\d{1,5}$/.test(text) ? String(Number(text)) : null;
}

/** Whether what the address of a Redis server names as its database is a number. */
function namesDatabase(url: string, { database }: Target): boolean {
  const [, path = ""] = /^[a-z]+:\/\/[^/?#]*\/?([^?#]*)/i.exec(url) ?? [];
  const hasParameter = /[?&]db=/.test(url);
  if (path !== "" && hasParameter) return false; // which of the two?
  return database !== null || (path === "" && !hasParameter);
}
