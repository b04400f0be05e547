/** Gives a probe the parts of the machine that it runs on, here Node. */
import { createHash } from "node:crypto";
import { agentVantage } from "../core/service/records.ts";
import { secretIn, secretRules } from "../core/service/secrets.ts";
import { addressesOf, connectCode } from "../node/network-look.ts";
import type { Standstills } from "../probes/lateness.ts";
import type { LookMemory, ProbeContext } from "../probes/probe.ts";
import { AGENT_PROBES } from "./agent-probes.ts";
import { connectWithin, lookUpWithin } from "./node-socket.ts";
import { type Reach, reachOf } from "./reach.ts";

export interface NodeContextOptions {
  agent: string;
  hubId: string;
  /** Only those named PROBE_SECRET_* are read. */
  environment: Readonly<Record<string, string | undefined>>;
  /** Unix ms. */
  now(): number;
  memory: LookMemory;
  lateness: Standstills;
  /** Absent: every host but the machine's own surroundings. */
  reach?: Reach;
}

const WIDE = reachOf([], null);

/** An agent is in the private network that it checks, so private targets are allowed. */
export function nodeContext(options: NodeContextOptions): ProbeContext {
  const { agent, hubId, environment, now, memory, lateness, reach = WIDE } = options;
  const code = (address: string) => connectCode(address, lookUpWithin(reach, Number(/\d+$/.exec(address)?.[0])));
  return {
    vantage: agentVantage(agent),
    hubId,
    allowPrivateTargets: true,
    mayReceive: secretRules(environment, false),
    secret: (name) => secretIn(environment, name),
    connect: connectWithin(reach),
    fetchesAddresses: true,
    canSkipVerification: true,
    fetch: null, // Node's follows the rules of browsers: blocked ports, no unsolicited answers, small headers
    looks: { addressesOf, connectCode: code, isPlatformAddress: () => false, memory },
    md5: async (bytes) => new Uint8Array(createHash("md5").update(bytes).digest()).buffer,
    now,
    lateness,
    ownProbes: AGENT_PROBES,
  };
}
