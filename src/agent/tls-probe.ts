/** The tls probe: looks at the certificate of a server, and at those above it, before they end. */
import { X509Certificate } from "node:crypto";
import * as tls from "node:tls";
import { serverName } from "../core/methods/tls.ts";
import { Connection } from "../probes/connection.ts";
import type { LookMemory, ProbeResult, Protocol } from "../probes/probe.ts";
import { ProbeFailure } from "../probes/probe-failure.ts";
import { judgeCertificate } from "./tls-judge.ts";

/** As long as any real chain, so that no server makes this long. */
const MAX_CHAIN = 16;

export const tlsProbe: Protocol = async (job): Promise<ProbeResult> => {
  const { target, check, context } = job;
  const { server_name } = check.health_options;
  const name = (server_name === undefined ? null : serverName(server_name)) ?? target.host;
  const connection = await Connection.open(job, "on", "none", name);
  const certainAt = context.now();
  const peer = connection.peer();
  // Nothing is sent but the end of the handshake: without it, the server would log a failed one. The verdict stands.
  await connection.write(new Uint8Array(0)).catch(() => {});
  connection.close();
  const sent = (peer?.chain ?? []).slice(0, MAX_CHAIN).map((der) => new X509Certificate(der));
  const [leaf] = sent;
  if (peer === null || leaf === undefined) throw new ProbeFailure("tls: the server shows no certificate");
  const { distrust, protocol } = peer;
  const roots: Roots = distrust === null ? rootsIn(context.looks?.memory) : new Map();
  const chain = chainOf(leaf, { sent, roots, now: context.now() });
  return { ...judgeCertificate({ chain, distrust, protocol, name }, check.health_options, context.now()), certainAt };
};

type Roots = ReadonlyMap<string, readonly X509Certificate[]>;

interface Known {
  /** By the server. */
  sent: readonly X509Certificate[];
  roots: Roots;
  /** Unix ms. */
  now: number;
}

/**
 * Returns the certificates on the way from the server's own to a root that is trusted here, as OpenSSL goes it: a trusted
 * one comes before one that the server sends. What else a server sends, such as an old way to another root, is left out.
 */
export function chainOf(leaf: X509Certificate, { sent, roots, now }: Known): X509Certificate[] {
  const chain = [leaf];
  for (let last = leaf; chain.length <= MAX_CHAIN; ) {
    if (last.checkIssued(last)) break;
    const others = sent.filter((each) => !chain.includes(each));
    const next = issuerAmong(roots.get(last.issuer) ?? [], last, now) ?? issuerAmong(others, last, now);
    if (next === undefined || chain.includes(next)) break;
    chain.push(next);
    last = next;
  }
  return chain;
}

/** An authority renews its certificate with the same key: of several, the one that is valid and ends last counts. */
function issuerAmong(certificates: readonly X509Certificate[], of: X509Certificate, now: number) {
  const issuers = certificates
    .filter((each) => isIssuer(each, of))
    .toSorted((a, b) => Date.parse(b.validTo) - Date.parse(a.validTo));
  return issuers.find(({ validFrom }) => Date.parse(validFrom) <= now) ?? issuers[0];
}

function isIssuer(issuer: X509Certificate, of: X509Certificate): boolean {
  return of.checkIssued(issuer) && of.verify(issuer.publicKey);
}

/** Those that Node trusts, by their names: its own, and those of NODE_EXTRA_CA_CERTS. To read them all takes a moment. */
function rootsIn(memory: LookMemory | undefined): Roots {
  const KEY = "roots of tls";
  const known = memory?.get(KEY);
  if (known !== undefined) return known as Roots; // nothing else is kept by this name
  const read: typeof tls.getCACertificates | undefined = tls.getCACertificates; // Node 22.15
  const pems = read?.("default") ?? tls.rootCertificates;
  const roots = Map.groupBy(
    pems.map((pem) => new X509Certificate(pem)),
    ({ subject }) => subject,
  );
  memory?.set(KEY, roots);
  return roots;
}
