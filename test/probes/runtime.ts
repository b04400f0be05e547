/** What the probes need of the runtime, here of Workers. The same tests run in Node with runtime-in-node.ts. */
import { connect } from "cloudflare:sockets";
import { env } from "cloudflare:workers";
import { inject } from "vitest";
import { networkLooks } from "../../src/platform/looks.ts";
import { Lately } from "../../src/probes/look-memory.ts";
import type { ProbeContext } from "../../src/probes/probe.ts";

const { faulty } = inject("servers");
/** As the service that a local hub has. */
const RESOLVER = {
  fetch: (url: string) => fetch(`http://127.0.0.1:${faulty.http}/look${new URL(url).search}`),
};

/**
 * How http asks for addresses: by the platform's fetch, over sockets as a deployed hub does, or by a network of its own
 * as a local hub does.
 */
export const WAYS = {
  hub: { fetchesAddresses: true },
  socket: { fetchesAddresses: false },
  "local hub": {
    fetchesAddresses: true,
    fetch: (input: RequestInfo | URL, init?: RequestInit) => env.ANYWHERE.fetch(input, init),
    connect: (address: string, options: SocketOptions) => env.ANYWHERE.connect(address, options),
  },
} as const;

export const runtime: Pick<ProbeContext, "connect" | "fetch" | "md5" | "canSkipVerification" | "looks"> = {
  connect,
  looks: { ...networkLooks({ RESOLVER }), memory: new Lately() },
  canSkipVerification: false,
  fetch: (input, init) => fetch(input, init),
  md5: (bytes) => crypto.subtle.digest("MD5", bytes),
};
