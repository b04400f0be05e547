/** The probe of each method that is probed. The compiler demands one for every such method. */
import { type HealthMethod, isProbed, type ProbedMethod } from "../core/methods/index.ts";
import { dnsProbe } from "./dns.ts";
import { httpProbe } from "./http.ts";
import { askForTls, postgresProbe } from "./postgres.ts";
import type { Probe, ProbeContext } from "./probe.ts";
import { redisProbe } from "./redis.ts";
import { tcpProbe } from "./tcp.ts";

export const PROBES: Readonly<Record<ProbedMethod, Probe>> = {
  http: { run: httpProbe },
  tcp: { run: tcpProbe },
  redis: { run: redisProbe },
  postgres: { run: postgresProbe, beforeTls: askForTls },
  dns: { run: dnsProbe },
};

/** Returns the probe of the method; null: it is none of those that run here. */
export function probeOf(method: HealthMethod, { ownProbes }: Pick<ProbeContext, "ownProbes">): Probe | null {
  return isProbed(method) ? PROBES[method] : (ownProbes?.[method] ?? null);
}
