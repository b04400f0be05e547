/** What a probe needs of the machine that it runs on, here Node. */
import { createHash } from "node:crypto";
import { agentVantage } from "../core/records.ts";
import { secretIn, secretRules } from "../core/secrets.ts";
import { addressesOf, connectCode } from "../node/network-look.ts";
import type { Standstills } from "../probes/lateness.ts";
import type { LookMemory, ProbeContext } from "../probes/probe.ts";
import { connect } from "./node-socket.ts";

export interface NodeContextOptions {
  agent: string;
  hubId: string;
  /** Only those named PROBE_SECRET_* are read. */
  environment: Readonly<Record<string, string | undefined>>;
  /** Unix ms. */
  now(): number;
  memory: LookMemory;
  lateness: Standstills;
}

/** An agent is in the private network that it checks, so every target is allowed. */
export function nodeContext({ agent, hubId, environment, now, memory, lateness }: NodeContextOptions): ProbeContext {
  return {
    vantage: agentVantage(agent),
    hubId,
    allowPrivateTargets: true,
    resolve: null,
    mayReceive: secretRules(environment, false),
    secret: (name) => secretIn(environment, name),
    connect,
    fetchesAddresses: true,
    canSkipVerification: true,
    fetch: null, // Node's follows the rules of browsers: blocked ports, no unsolicited answers, small headers
    looks: { addressesOf, connectCode, isPlatformAddress: () => false, memory },
    md5: async (bytes) => new Uint8Array(createHash("md5").update(bytes).digest()).buffer,
    now,
    lateness,
  };
}
