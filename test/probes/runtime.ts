/** What the probes need of the runtime, here of Workers. The same tests run in Node with runtime-in-node.ts. */
import { connect } from "cloudflare:sockets";
import type { ProbeContext } from "../../src/probes/probe.ts";

export const runtime: Pick<ProbeContext, "connect" | "fetch" | "md5" | "canSkipVerification"> = {
  connect,
  canSkipVerification: false,
  fetch: (input, init) => fetch(input, init),
  md5: (bytes) => crypto.subtle.digest("MD5", bytes),
};
