/**
 * Secrets of probes. A check names a secret as `${PROBE_SECRET_X}`; its value is a variable of that name. Who may write
 * checks must not be able to send a secret to a host of his own, so `PROBE_SECRET_X_HOSTS` says where it may go.
 */

const PREFIX = "PROBE_SECRET_";
const HOSTS_SUFFIX = "_HOSTS";
const REFERENCE = /\$\{(PROBE_SECRET_[A-Z0-9_]+)\}/g;

/** Whether the secret may be sent to the host (as in Target). */
export type MayReceive = (secret: string, host: string) => boolean;

/** Returns the value of a secret; undefined when there is none. `vars`: of the hub, or an agent's environment. */
export function secretIn(vars: object, name: string): string | undefined {
  if (!name.startsWith(PREFIX) || name.endsWith(HOSTS_SUFFIX)) return undefined;
  return textOf(vars, name);
}

/** `anywhere`: secrets may go to every host, as on a machine that only its owner uses. */
export function secretRules(vars: object, anywhere: boolean): MayReceive {
  return (secret, host) => {
    if (anywhere) return true;
    const hosts = textOf(vars, secret + HOSTS_SUFFIX) ?? "";
    return hosts.split(",").some((pattern) => matches(host, pattern.trim().toLowerCase()));
  };
}

/** Why a secret of the check may not be sent to the host; null: all may. `parts`: what of the check may name secrets. */
export function secretRefusal(parts: unknown, host: string, mayReceive: MayReceive): string | null {
  const refused = secretNames(parts).find((name) => !mayReceive(name, host));
  return refused === undefined ? null : `${refused} may not be sent to ${host}: ${refused}${HOSTS_SUFFIX} must name it`;
}

/** Returns the names of the secrets that are referred to anywhere in the value. */
export function secretNames(value: unknown): string[] {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return [...new Set(text.matchAll(REFERENCE).map(([, name = ""]) => name))];
}

/** `*.example.com` is every host below example.com, and `*` every host. */
function matches(host: string, pattern: string): boolean {
  if (pattern === "*") return true;
  return pattern.startsWith("*.") ? host.endsWith(pattern.slice(1)) : pattern === host && pattern !== "";
}

function textOf(vars: object, name: string): string | undefined {
  const value = new Map<string, unknown>(Object.entries(vars)).get(name);
  return typeof value === "string" && value !== "" ? value : undefined;
}
