/** The services that a local hub has beside its bindings of wrangler.toml; platform/services.ts finds them. */
import type { LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";
import { getCACertificates } from "node:tls";
import { Response, type V4ServiceDesignator } from "miniflare";
import { refusedHost } from "../../core/service/address.ts";
import { ANY_NETWORK, NOT_PUBLIC, PUBLIC_NETWORK } from "../../core/service/public-network.ts";
import { addressesOf, checkedLookUp, connectCode } from "../../node/network-look.ts";

/** `allowsPrivate`: whether probes, looks and requests to other hubs may go to private addresses. */
export function localServices(allowsPrivate: boolean): Record<string, V4ServiceDesignator> {
  // It trusts whom the runtime's own network trusts.
  const tlsOptions = { trustBrowserCas: true, trustedCertificates: getCACertificates("extra") };
  if (allowsPrivate) return { RESOLVER: resolver(), INTERNET: { network: { ...ANY_NETWORK, tlsOptions } } };
  return { RESOLVER: resolver(checkedLookUp(publicOf)), INTERNET: { network: { ...PUBLIC_NETWORK, tlsOptions } } };
}

/**
 * Answers `?host=NAME` with the addresses of the name as JSON, null when DNS does not answer, and `?address=HOST:PORT`
 * with the error code of a connection.
 */
function resolver(lookUp?: LookupFunction): (request: { url: string }) => Promise<Response> {
  return async ({ url }) => {
    const query = new URL(url).searchParams;
    const address = query.get("address");
    if (address === null) return Response.json(await addressesOf(query.get("host") ?? ""));
    return Response.json(await connectCode(address, lookUp));
  };
}

function publicOf(host: string, addresses: LookupAddress[]): LookupAddress[] {
  const left = addresses.filter(({ address }) => refusedHost(address) === null);
  const [first] = addresses;
  if (left.length > 0 || first === undefined) return left;
  throw Object.assign(new Error(`${host} has no public address`), { code: NOT_PUBLIC + first.address });
}
