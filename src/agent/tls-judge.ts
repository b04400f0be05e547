/** Judges a server's certificate, by the options of the check. */
import type { X509Certificate } from "node:crypto";
import { DEFAULT_FAIL_DAYS, DEFAULT_WARN_DAYS } from "../core/methods/tls.ts";
import type { HealthOptions } from "../core/service/options.ts";
import {
  chainDateTroubles,
  dayOf,
  namesOf,
  nameTrouble,
  timeOf,
  unknownAuthority,
} from "../probes/certificate-troubles.ts";
import { MAX_DETAIL_CHARS, type ProbeResult, type TlsPeer } from "../probes/probe.ts";
import { shortList } from "../probes/short-list.ts";
import { DISTRUST } from "./tls-chain.ts";

/** No way leads from the certificate to a root that is trusted. Other codes of OpenSSL are told as they are. */
const UNKNOWN_AUTHORITY: readonly string[] = [
  "UNABLE_TO_GET_ISSUER_CERT",
  DISTRUST.noIssuer,
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "SELF_SIGNED_CERT_IN_CHAIN",
];
const DAY_MS = 86_400_000;

export interface Shown extends Pick<TlsPeer, "distrust" | "protocol"> {
  /** The server's own first, then those that signed it. */
  chain: readonly X509Certificate[];
  /** That it should be for. */
  name: string;
  /** The server is known to ask for a certificate of the client. */
  wantsCertificate: boolean;
}

type Options = Pick<HealthOptions, "warn_days" | "fail_days" | "chain">;

/** `now`: Unix ms. The chain has at least one certificate. */
export function judgeCertificate(shown: Shown, options: Options, now: number): ProbeResult {
  const [leaf] = shown.chain;
  const ends = shown.chain.map(({ validTo }) => timeOf(validTo)).filter((end) => !Number.isNaN(end));
  const end = Math.min(...ends);
  const first = shown.chain.find(({ validTo }) => timeOf(validTo) === end);
  const daysLeft = (end - now) / DAY_MS;
  const details = {
    ...(first === undefined ? {} : { days_left: Math.floor(daysLeft), not_after: new Date(end).toISOString() }),
    protocol: shown.protocol,
    ...(shown.wantsCertificate ? { client_certificate: "wanted" } : {}),
    ...(leaf === undefined ? {} : described(leaf)),
  };
  // Without a date, there is a trouble.
  const troubles = troublesOf(shown, options.chain ?? true, now);
  if (troubles.length > 0) {
    return { verdict: "fail", error: `tls: the certificate ${troubles.join(" and ")}`, details };
  }
  const which =
    first === undefined || first === leaf
      ? "the certificate"
      : `the authority's certificate (${nameIn(first.subject)})`;
  const words = `tls: ${which} ends in ${inDays(Math.floor(daysLeft))} (on ${dayOf(end)})`;
  if (daysLeft < (options.fail_days ?? DEFAULT_FAIL_DAYS)) return { verdict: "fail", error: words, details };
  if (daysLeft < (options.warn_days ?? DEFAULT_WARN_DAYS)) return { verdict: "warn", error: words, details };
  return { verdict: "ok", error: null, details };
}

/** Each is the end of a sentence about the certificate. */
function troublesOf({ chain, name, distrust }: Shown, isChecked: boolean, now: number): string[] {
  const [leaf] = chain;
  const dates = chainDateTroubles(chain, now);
  if (leaf === undefined || !isChecked) return dates;
  const known = [...dates, ...nameTrouble(leaf, name), ...(distrust === DISTRUST.selfSigned ? ["is self-signed"] : [])];
  if (distrust === null) return known;
  if (UNKNOWN_AUTHORITY.includes(distrust)) return [...known, unknownAuthority(chain.map(({ raw }) => raw))];
  return known.length > 0 ? known : [`is not trusted (${distrust})`];
}

function described(leaf: X509Certificate) {
  const names = namesOf(leaf);
  const [issuer, subject] = [nameIn(leaf.issuer), nameIn(leaf.subject)];
  return {
    ...(issuer === "" ? {} : { issuer }),
    ...(subject === "" ? {} : { subject }),
    ...(names.length === 0 ? {} : { names: shortList(names, MAX_DETAIL_CHARS) }),
  };
}

/** `CN=R11, O=Let's Encrypt`: what says most comes first. Node's types do not say that an empty name is absent. */
function nameIn(distinguished: string | undefined): string {
  return (distinguished ?? "").split("\n").toReversed().join(", ");
}

function inDays(days: number): string {
  if (days < 1) return "less than a day";
  return days === 1 ? "1 day" : `${days} days`;
}
