/** What the probes need of the runtime, here of the agent's. */
import { nodeContext } from "../../src/agent/node-context.ts";
import { systemClock } from "../../src/node/system-clock.ts";
import { Lateness } from "../../src/probes/lateness.ts";
import { Lately } from "../../src/probes/look-memory.ts";
import type { ProbeContext } from "../../src/probes/probe.ts";

const node = nodeContext({
  agent: "test",
  hubId: "hub-test",
  environment: {},
  now: Date.now,
  memory: new Lately(),
  lateness: new Lateness(systemClock),
});
const { connect, fetch, md5, canSkipVerification, looks } = node;

export const WAYS = { agent: { fetchesAddresses: true } } as const;

export const runtime: Pick<ProbeContext, "connect" | "fetch" | "md5" | "canSkipVerification" | "looks"> = {
  connect,
  fetch,
  md5,
  canSkipVerification,
  ...(looks === undefined ? {} : { looks }),
};
