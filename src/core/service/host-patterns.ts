/**
 * Patterns of hosts, as settings name them: `db.example.com`, `*.internal` for every host below, `*` for every host, an
 * address; each with `:port` where only that port is meant. An IPv6 address with a port stands in brackets.
 */
import { canonicalHost } from "./address.ts";

export interface HostPattern {
  /** Canonical; `*` or `*.` and a name: as above. */
  host: string;
  /** Null: every port. */
  port: number | null;
}

/** Returns null when the text is no such pattern. */
export function parseHostPattern(text: string): HostPattern | null {
  const [, bracketed, plain = "", digits] = /^(?:(\[[^\]]*\])|([^:]*))(?::(\d{1,5}))?$/.exec(text.trim()) ?? [];
  const given = bracketed ?? (/:.*:/.test(text) ? `[${text.trim()}]` : plain);
  const port = digits === undefined ? null : Number(digits);
  if (port !== null && (port === 0 || port > 65_535)) return null;
  if (given === "*") return { host: "*", port };
  const below = given.startsWith("*.") ? "*." : "";
  const host = canonicalHost(given.slice(below.length));
  return host.ok ? { host: below + host.value, port } : null;
}

/** `host`: canonical. `port`: undefined when it is not known, so only patterns without one match. */
export function matchesHost(pattern: HostPattern, host: string, port?: number): boolean {
  if (pattern.port !== null && pattern.port !== port) return false;
  return pattern.host.startsWith("*.") ? host.endsWith(pattern.host.slice(1)) : isNamed(pattern, host);
}

function isNamed({ host: pattern }: HostPattern, host: string): boolean {
  return pattern === "*" || pattern === host;
}
