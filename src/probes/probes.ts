/** The probe of each method that is probed. The compiler demands one for every such method. */
import { type HealthMethod, isProbed, type ProbedMethod } from "../core/methods/index.ts";
import type { Connection } from "./connection.ts";
import { dnsProbe } from "./dns.ts";
import { httpProbe } from "./http.ts";
import { askForTls, postgresProbe } from "./postgres.ts";
import type { ProbeContext, ProbeJob, Protocol } from "./probe.ts";
import { redisProbe } from "./redis.ts";
import { tcpProbe } from "./tcp.ts";
import { talkBeforeTls } from "./tcp-steps.ts";
import { websocketProbe } from "./websocket.ts";

export interface Probe {
  run: Protocol;
  /** Returns the words of the protocol before TLS. Absent or null: a connection begins with TLS. */
  beforeTls?(job: ProbeJob): ((connection: Connection) => Promise<unknown>) | null;
}

export const PROBES: Readonly<Record<ProbedMethod, Probe>> = {
  http: { run: httpProbe },
  tcp: { run: tcpProbe, beforeTls: talkBeforeTls },
  websocket: { run: websocketProbe },
  redis: { run: redisProbe },
  postgres: { run: postgresProbe, beforeTls: () => askForTls },
  dns: { run: dnsProbe },
};

/** Returns the probe of the method; null: it is none of those that run here. */
export function probeOf(method: HealthMethod, { ownProbes }: Pick<ProbeContext, "ownProbes">): Probe | null {
  return isProbed(method) ? PROBES[method] : (ownProbes?.[method] ?? null);
}
