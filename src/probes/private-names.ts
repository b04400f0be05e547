/** Refuses names that stand for private addresses. */
import { isAddress, refusedHost } from "../core/address.ts";
import { type ProbeContext, ProbeFailure } from "./probe.ts";

/** Throws a ProbeFailure. A name that can't be looked up passes: the probe itself says so. */
export async function refusePrivateName(host: string, { resolve }: Pick<ProbeContext, "resolve">): Promise<void> {
  if (resolve === null || isAddress(host)) return;
  const addresses = await resolve(host).catch(() => []);
  for (const address of addresses) {
    const reason = refusedHost(address);
    if (reason === null) continue;
    throw new ProbeFailure(`refused target: ${host} stands for ${address}, and ${reason}`, { verdict: "unprobeable" });
  }
}
