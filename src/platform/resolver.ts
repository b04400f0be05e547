/**
 * The addresses of a name, as the machine of a local hub sees them. A deployed hub has no such service: the edge reaches
 * no private address anyway.
 */
import { z } from "zod";

const answerSchema = z.array(z.string());

/** Returns an empty list for a name that has no address. */
export type Resolve = (host: string) => Promise<string[]>;

/** `env`: all bindings of the Worker. Returns null where there is no such service. */
export function resolverOf(env: object): Resolve | null {
  const service: unknown = new Map<string, unknown>(Object.entries(env)).get("RESOLVER");
  if (!isFetcher(service)) return null;
  return async (host) => {
    const response = await service.fetch(`http://resolver/?${new URLSearchParams({ host })}`);
    return answerSchema.parse(await response.json());
  };
}

function isFetcher(value: unknown): value is Pick<Fetcher, "fetch"> {
  return typeof value === "object" && value !== null && "fetch" in value && typeof value.fetch === "function";
}
