/** The way from a server's certificate to a root that is trusted here. */
import { X509Certificate } from "node:crypto";
import * as tls from "node:tls";
import { timeOf } from "../probes/certificate-troubles.ts";
import type { LookMemory } from "../probes/probe.ts";
import { MAX_CHAIN } from "../probes/tls-records.ts";

/** Codes of OpenSSL for a chain that is not trusted. */
export const DISTRUST = {
  selfSigned: "DEPTH_ZERO_SELF_SIGNED_CERT",
  noIssuer: "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  noAuthority: "INVALID_CA",
} as const;

/** The trusted certificates by their names. */
export type Roots = ReadonlyMap<string, readonly X509Certificate[]>;

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
    .toSorted((a, b) => (timeOf(b.validTo) || 0) - (timeOf(a.validTo) || 0));
  return issuers.find(({ validFrom }) => timeOf(validFrom) <= now) ?? issuers[0];
}

function isIssuer(issuer: X509Certificate, of: X509Certificate): boolean {
  try {
    return of.checkIssued(issuer) && of.verify(issuer.publicKey);
  } catch {
    return false; // a key of an unknown kind
  }
}

/** Where no handshake has told it: why the chain is not trusted; null: it is. Dates and names are not looked at. */
export function distrustOf(chain: readonly X509Certificate[], roots: Roots): string | null {
  const [leaf, ...above] = chain;
  const last = chain.at(-1);
  const isKnown = (roots.get(last?.subject ?? "") ?? []).some(
    ({ fingerprint256 }) => fingerprint256 === last?.fingerprint256,
  );
  if (isKnown) return above.every(({ ca }) => ca) ? null : DISTRUST.noAuthority;
  return leaf?.checkIssued(leaf) === true ? DISTRUST.selfSigned : DISTRUST.noIssuer;
}

/** Those that Node trusts: its own, and those of NODE_EXTRA_CA_CERTS. To read them all takes a moment. */
export function rootsIn(memory: LookMemory | undefined): Roots {
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
