/**
 * Where the probes of an agent may go. It stands in a private network, so nearly everywhere; but clouds answer at
 * link-local addresses with credentials of the machine, so those must be named by its own configuration.
 */
import { isAddress, machineAddress } from "../core/service/address.ts";
import { type HostPattern, matchesHost, parseHostPattern } from "../core/service/host-patterns.ts";
import { ProbeFailure } from "../probes/probe-failure.ts";

export interface Reach {
  /** Throws a ProbeFailure when the host may not be asked. `host`: canonical. */
  check(host: string, port: number): void;
  /** Those of a name's addresses that may be asked. Throws a ProbeFailure when there is none. */
  allowed<T extends { address: string }>(host: string, port: number, addresses: readonly T[]): T[];
}

/** The commands and targets that labels of containers may name beside their own container. */
export interface LabelRules {
  commands: readonly string[];
  targets: readonly HostPattern[];
}

export const NO_LABEL_RULES: LabelRules = { commands: [], targets: [] };

/** Patterns that were checked when the configuration was read. */
export function patternsOf(texts: readonly string[]): HostPattern[] {
  return texts.flatMap((text) => parseHostPattern(text) ?? []);
}

/**
 * `targets`: hosts that the configuration names. `only`: further rules for services that the labels of a container made,
 * which reach its own addresses and what labels may; null: other services.
 */
export function reachOf(
  targets: readonly HostPattern[],
  only: { addresses: readonly string[]; targets: readonly HostPattern[] } | null,
): Reach {
  // A wildcard is meant for services, and no machine's own address is one.
  const isNamed = (host: string, port: number) =>
    targets.some((pattern) => !pattern.host.startsWith("*") && matchesHost(pattern, host, port));
  const refusalOf = (host: string, port: number, address: string) => {
    const reason = machineAddress(address);
    return reason === null || isNamed(host, port) || isNamed(address, port) ? null : reason;
  };
  return {
    check(host, port) {
      if (only !== null && !isOfContainer(host, port, only)) {
        throw refused(`${host}:${port}: labels reach their container only, unless labels.targets names the host`);
      }
      const reason = isAddress(host) ? refusalOf(host, port, host) : null;
      if (reason !== null) throw refused(`${host}, ${reason}`);
    },
    allowed(host, port, addresses) {
      const left = addresses.filter(({ address }) => refusalOf(host, port, withoutZone(address)) === null);
      const [first] = addresses;
      if (left.length > 0 || first === undefined) return left;
      throw refused(`${host} stands for ${first.address}, ${machineAddress(withoutZone(first.address))}`);
    },
  };
}

export function isOfContainer(
  host: string,
  port: number,
  { addresses, targets }: { addresses: readonly string[]; targets: readonly HostPattern[] },
): boolean {
  return addresses.includes(host) || targets.some((pattern) => matchesHost(pattern, host, port));
}

/** `fe80::1%eth0` → `fe80::1`. */
function withoutZone(address: string): string {
  return address.replace(/%.*$/, "");
}

function refused(words: string): ProbeFailure {
  const how = words.includes("labels.targets") ? "" : ": the agent's configuration must name it in targets";
  return new ProbeFailure(`refused target: ${words}${how}`, { verdict: "unprobeable" });
}
