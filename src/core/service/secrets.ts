/**
 * Secrets of probes. A check names a secret as `${PROBE_SECRET_X}`; its value is a variable of that name. Who may write
 * checks must not be able to send a secret to a host of his own, so `PROBE_SECRET_X_HOSTS` says where it may go.
 */
import { matchesHost, parseHostPattern } from "./host-patterns.ts";

const PREFIX = "PROBE_SECRET_";
const HOSTS_SUFFIX = "_HOSTS";
const REFERENCE = /\$\{(PROBE_SECRET_[A-Z0-9_]+)\}/g;

/** Whether the secret may be sent to the host and port (as in Target). */
export type MayReceive = (secret: string, host: string, port?: number) => boolean;

/** Returns the value of a secret; undefined when there is none. `vars`: of the hub, or an agent's environment. */
export function secretIn(vars: object, name: string): string | undefined {
  if (!name.startsWith(PREFIX) || name.endsWith(HOSTS_SUFFIX)) return undefined;
  return textOf(vars, name);
}

/** `anywhere`: secrets may go to every host, as on a machine that only its owner uses. */
export function secretRules(vars: object, anywhere: boolean): MayReceive {
  return (secret, host, port) => {
    if (anywhere) return true;
    const patterns = (textOf(vars, secret + HOSTS_SUFFIX) ?? "").split(",").map(parseHostPattern);
    return patterns.some((pattern) => pattern !== null && matchesHost(pattern, host, port));
  };
}

/** Why a secret of the check may not be sent there; null: all may. `parts`: what of the check may name secrets. */
export function secretRefusal(
  parts: unknown,
  { host, port }: { host: string; port?: number },
  mayReceive: MayReceive,
): string | null {
  const refused = secretNames(parts).find((name) => !mayReceive(name, host, port));
  return refused === undefined ? null : `${refused} may not be sent to ${host}: ${refused}${HOSTS_SUFFIX} must name it`;
}

/** Returns the names of the secrets that are referred to anywhere in the value. */
export function secretNames(value: unknown): string[] {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return [...new Set(text.matchAll(REFERENCE).map(([, name = ""]) => name))];
}

/**
 * Why a database may not be asked so; null: it may. A query is a program: it could compare a secret that it gets to see,
 * letter by letter, and tell by failing. `logins`: what else of the check a query can read, which a password is not.
 */
export function queryRefusal(query: string | undefined, logins: readonly unknown[]): string | null {
  if (query === undefined) return null;
  const [name] = secretNames([query, ...logins]);
  return name === undefined ? null : `a query could find out ${name} bit by bit: only the password may be a secret`;
}

function textOf(vars: object, name: string): string | undefined {
  const value = new Map<string, unknown>(Object.entries(vars)).get(name);
  return typeof value === "string" && value !== "" ? value : undefined;
}
