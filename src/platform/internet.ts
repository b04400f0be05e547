/**
 * The network that probes and requests to other hubs go through. A local hub that refuses private targets has one for
 * them, the service INTERNET:
 * there the runtime checks the very address that it connects to, so a name may stand for another one at any time.
 * Without this service it is the network of everything else: where private targets are allowed, and on Cloudflare, whose
 * edge reaches public addresses only.
 */
import { connect } from "cloudflare:sockets";
import { localService } from "./services.ts";

/** `env`: all bindings of the Worker. */
export function internetOf(env: object): Pick<Fetcher, "fetch" | "connect"> {
  return localService(env, "INTERNET") ?? { fetch: (input, init) => fetch(input, init), connect };
}
