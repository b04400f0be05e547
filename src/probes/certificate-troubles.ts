/** Says what is wrong with a certificate, for a person. Whether it is trusted is decided by the runtime. */
import { X509Certificate } from "node:crypto";
import { isAddress } from "../core/service/address.ts";

const SHOWN_NAMES = 3;

/**
 * Returns what is wrong, each as the end of a sentence about the certificate; empty: nothing that can be seen. `chain`:
 * DER, the server's own first. Throws when a certificate can't be read.
 */
export function certificateTroubles(chain: readonly Uint8Array[], host: string, now: number): string[] {
  const [leaf, ...above] = chain.map((der) => new X509Certificate(der));
  if (leaf === undefined) return [];
  return [
    ...chainDateTroubles([leaf, ...above], now),
    ...nameTrouble(leaf, host),
    ...(leaf.checkIssued(leaf) ? ["is self-signed"] : []),
  ];
}

/** The same for the dates only. */
export function chainDateTroubles([leaf, ...above]: readonly X509Certificate[], now: number): string[] {
  return [
    ...(leaf === undefined ? [] : dateTroubles(leaf, now)),
    ...above.flatMap((each) => dateTroubles(each, now).map((trouble) => `${trouble}, the authority's one`)),
  ];
}

/** The end of a sentence about a certificate whose authority nobody here knows. */
export function unknownAuthority(chain: readonly Uint8Array[]): string {
  return `is of an unknown authority (${lastIssuer(chain)}), or the server leaves out an intermediate one`;
}

/** The issuer of the last certificate of the chain, as in its own text. */
function lastIssuer(chain: readonly Uint8Array[]): string {
  const last = chain.at(-1);
  const issuer = last === undefined ? "" : new X509Certificate(last).issuer;
  return /^(?:CN|O)=.*$/m.exec(issuer)?.[0] ?? issuer.split("\n").join(", ");
}

function dateTroubles({ validFrom, validTo }: X509Certificate, now: number): string[] {
  if (Date.parse(validTo) < now) return [`has expired (on ${dayOf(validTo)})`];
  return Date.parse(validFrom) > now ? [`is not yet valid (before ${dayOf(validFrom)})`] : [];
}

export function nameTrouble(leaf: X509Certificate, host: string): string[] {
  const fits = isAddress(host) ? leaf.checkIP(host) : leaf.checkHost(host);
  if (fits !== undefined && fits !== null) return [];
  return [`is for another name (${shownNames(leaf)})`];
}

/** The names and addresses that a certificate is for. */
export function namesOf({ subjectAltName }: X509Certificate): string[] {
  const names = (subjectAltName ?? "").split(", ").map((name) => name.replace(/^(DNS|IP Address):/, ""));
  return names.filter((name) => name !== "");
}

function shownNames(leaf: X509Certificate): string {
  const { subject } = leaf;
  const known = namesOf(leaf);
  if (known.length === 0) return /^CN=(.*)$/m.exec(subject)?.[1] ?? "none";
  const more = known.length > SHOWN_NAMES ? " …" : "";
  return known.slice(0, SHOWN_NAMES).join(", ") + more;
}

export function dayOf(date: string): string {
  return new Date(date).toISOString().slice(0, 10);
}
