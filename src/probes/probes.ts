/** The probe of each method that is probed. The compiler demands one for every such method. */
import type { ProbedMethod } from "../core/methods/index.ts";
import { httpProbe } from "./http.ts";
import { askForTls, postgresProbe } from "./postgres.ts";
import type { Probe } from "./probe.ts";
import { redisProbe } from "./redis.ts";
import { tcpProbe } from "./tcp.ts";
import { talkBeforeTls } from "./tcp-steps.ts";
import { websocketProbe } from "./websocket.ts";

export const PROBES: Readonly<Record<ProbedMethod, Probe>> = {
  http: { run: httpProbe },
  tcp: { run: tcpProbe, beforeTls: talkBeforeTls },
  websocket: { run: websocketProbe },
  redis: { run: redisProbe },
  postgres: { run: postgresProbe, beforeTls: () => askForTls },
};
