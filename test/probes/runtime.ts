/** What the probes need of the runtime, here of Workers. The same tests run in Node with runtime-in-node.ts. */
import { connect } from "cloudflare:sockets";
import { inject } from "vitest";
import { networkLooks } from "../../src/platform/looks.ts";
import { Lately } from "../../src/probes/look-memory.ts";
import type { ProbeContext } from "../../src/probes/probe.ts";

const { faulty } = inject("servers");
/** As the service that a local hub has. */
const RESOLVER = {
  fetch: (url: string) => fetch(`http://127.0.0.1:${faulty.http}/look${new URL(url).search}`),
};

/** How http asks for addresses: by the platform's fetch, or over sockets as a deployed hub does. */
export const WAYS = { hub: { fetchesAddresses: true }, socket: { fetchesAddresses: false } } as const;

export const runtime: Pick<ProbeContext, "connect" | "fetch" | "md5" | "canSkipVerification" | "looks"> = {
  connect,
  looks: { ...networkLooks({ RESOLVER }), memory: new Lately() },
  canSkipVerification: false,
  fetch: (input, init) => fetch(input, init),
  md5: (bytes) => crypto.subtle.digest("MD5", bytes),
};
