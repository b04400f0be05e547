/** The probe of each method that only agents probe. The compiler demands one for every such method. */
import type { AgentProbedMethod } from "../core/methods/index.ts";
import type { Probe } from "../probes/probes.ts";
import { tlsProbe } from "./tls-probe.ts";

export const AGENT_PROBES: Readonly<Record<AgentProbedMethod, Probe>> = {
  tls: { run: tlsProbe },
};
