/**
 * The network that probes and requests to other hubs go through. A local hub has one for them, the service INTERNET: it
 * leads to the network itself, while everything else goes through a Worker that the local runtime puts in between, which
 * takes a quarter of a check's processor time. Where private targets are refused, the runtime checks there the very
 * address that it connects to, so a name may stand for another one at any time. On Cloudflare there is no such service:
 * the edge reaches public addresses only.
 */
import { connect } from "cloudflare:sockets";
import { localService } from "./services.ts";

/** `env`: all bindings of the Worker. */
export function internetOf(env: object): Pick<Fetcher, "fetch" | "connect"> {
  return localService(env, "INTERNET") ?? { fetch: (input, init) => fetch(input, init), connect };
}
