/** Says what is wrong with a certificate, for a person. Whether it is trusted is decided by the runtime. */
import { X509Certificate } from "node:crypto";
import { isAddress } from "../core/service/address.ts";

const SHOWN_NAMES = 3;

/**
 * Returns what is wrong, each as the end of a sentence about the certificate; empty: nothing that can be seen. `chain`:
 * DER, the server's own first.
 */
export function certificateTroubles(chain: readonly Uint8Array[], host: string, now: number): string[] {
  const [first, ...above] = chain;
  if (first === undefined) return [];
  const leaf = certificateOf(first);
  if (leaf === null) return ["can't be read"];
  return [
    ...chainDateTroubles([leaf, ...certificatesOf(above)], now),
    ...nameTrouble(leaf, host),
    ...(leaf.checkIssued(leaf) ? ["is self-signed"] : []),
  ];
}

/** Those that can be read. */
export function certificatesOf(chain: readonly Uint8Array[]): X509Certificate[] {
  return chain.flatMap((der) => certificateOf(der) ?? []);
}

/** Null: the bytes are no certificate. Anybody may send anything. */
export function certificateOf(der: Uint8Array): X509Certificate | null {
  try {
    return new X509Certificate(der);
  } catch {
    return null;
  }
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
  const issuer = (last === undefined ? null : certificateOf(last))?.issuer ?? "";
  return /^(?:CN|O)=.*$/m.exec(issuer)?.[0] ?? issuer.split("\n").join(", ");
}

function dateTroubles({ validFrom, validTo }: X509Certificate, now: number): string[] {
  const [from, to] = [timeOf(validFrom), timeOf(validTo)];
  if (Number.isNaN(from) || Number.isNaN(to)) return ["has no readable date"];
  if (to < now) return [`has expired (on ${dayOf(to)})`];
  return from > now ? [`is not yet valid (before ${dayOf(from)})`] : [];
}

/** As OpenSSL writes a date; it writes other years than those of four digits, and what is no date at all, in other ways. */
const DATE = /^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4} GMT$/;

/** Unix ms; NaN: the date can't be read. */
export function timeOf(date: string): number {
  return DATE.test(date) ? Date.parse(date) : Number.NaN;
}

/** A common name is for no client any more (RFC 9525, 2), so it only explains why the name is not there. */
export function nameTrouble(leaf: X509Certificate, host: string): string[] {
  const fits = isAddress(host) ? leaf.checkIP(host) : leaf.checkHost(host, { subject: "never" });
  if (fits !== undefined && fits !== null) return [];
  const isCommon = isAddress(host) ? commonName(leaf) === host : leaf.checkHost(host) != null;
  if (isCommon) return ["names its host only in its common name, which clients no longer accept"];
  return [`is for another name (${shownNames(leaf)})`];
}

/** The names and addresses that a certificate is for. */
export function namesOf({ subjectAltName }: X509Certificate): string[] {
  const names = (subjectAltName ?? "").split(", ").map((name) => name.replace(/^(DNS|IP Address):/, ""));
  return names.filter((name) => name !== "");
}

function shownNames(leaf: X509Certificate): string {
  const known = namesOf(leaf);
  if (known.length === 0) return commonName(leaf) ?? "none";
  const more = known.length > SHOWN_NAMES ? " …" : "";
  return known.slice(0, SHOWN_NAMES).join(", ") + more;
}

function commonName({ subject }: X509Certificate): string | undefined {
  return /^CN=(.*)$/m.exec(subject ?? "")?.[1];
}

/** `time`: Unix ms. */
export function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
