/** Services that only a local hub has; cli/local-hub.ts binds them. */

/** `env`: all bindings of the Worker. Returns null where there is no such service. */
export function localService(env: object, name: "RESOLVER" | "INTERNET"): Fetcher | null {
  const service: unknown = new Map<string, unknown>(Object.entries(env)).get(name);
  return isService(service) ? service : null;
}

/** The `fetch` of the network that probes and requests to other hubs go through, see platform/internet.ts. */
export function internetFetch(env: object): (url: string | URL, init: RequestInit) => Promise<Response> {
  const internet = localService(env, "INTERNET");
  return (url, init) => (internet === null ? fetch(url, init) : internet.fetch(url, init));
}

/** A var of this name is none. */
function isService(value: unknown): value is Fetcher {
  return typeof value === "object" && value !== null && "fetch" in value && typeof value.fetch === "function";
}
