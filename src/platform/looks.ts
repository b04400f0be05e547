/**
 * The questions about a host after a failure. A local hub asks its own machine, by the service RESOLVER; a
 * deployed one asks DNS over HTTPS, and nobody about connections.
 */
import { z } from "zod";
import { isCloudflareAddress } from "../core/service/cloudflare-addresses.ts";
import { localService } from "./services.ts";

const DNS_OVER_HTTPS = "https://cloudflare-dns.com/dns-query";
const DNS_MS = 1_500;
/** Types of records, and codes of answers, of DNS (RFC 1035, RFC 3596). */
const [A, AAAA] = [1, 28];
const [NO_ERROR, NAME_ERROR] = [0, 3];

const dnsSchema = z.object({
  Status: z.int(),
  Answer: z.array(z.object({ type: z.int(), data: z.string() })).default([]),
});
const addressesSchema = z.array(z.string()).nullable();

export interface NetworkLooks {
  /** Returns null when DNS does not answer. */
  addressesOf(host: string): Promise<string[] | null>;
  /** Returns the system's code of the error, empty when the connection opens; null: nobody can tell. */
  connectCode(address: string): Promise<string | null>;
  isPlatformAddress(address: string): boolean;
}

/** `env`: all bindings of the Worker. */
export function networkLooks(env: object): NetworkLooks {
  const service = localService(env, "RESOLVER");
  return service === null ? FROM_THE_EDGE : ofMachine(service);
}

function ofMachine(service: Fetcher): NetworkLooks {
  const ask = async (query: Record<string, string>): Promise<unknown> => {
    const response = await service.fetch(`http://resolver/?${new URLSearchParams(query)}`);
    return await response.json();
  };
  return {
    addressesOf: async (host) => addressesSchema.parse(await ask({ host })),
    connectCode: async (address) => z.string().parse(await ask({ address })),
    isPlatformAddress: () => false,
  };
}

const FROM_THE_EDGE: NetworkLooks = {
  async addressesOf(host) {
    const [four, six] = await Promise.all([recordsOf(host, A), recordsOf(host, AAAA)]);
    return four === null && six === null ? null : [...(four ?? []), ...(six ?? [])];
  },
  connectCode: async () => null,
  isPlatformAddress: isCloudflareAddress,
};

async function recordsOf(host: string, type: number): Promise<string[] | null> {
  try {
    const response = await fetch(`${DNS_OVER_HTTPS}?${new URLSearchParams({ name: host, type: String(type) })}`, {
      headers: { accept: "application/dns-json" },
      signal: AbortSignal.timeout(DNS_MS),
    });
    const { Status, Answer } = dnsSchema.parse(await response.json());
    if (Status !== NO_ERROR && Status !== NAME_ERROR) return null;
    return Answer.filter((record) => record.type === type).map(({ data }) => data);
  } catch {
    return null;
  }
}
