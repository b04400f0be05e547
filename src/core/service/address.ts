/** Decides which hosts may be probed: public addresses and names, in any spelling. */

import ipaddr from "ipaddr.js";
import type { Result } from "../values/result.ts";

type IPv4 = ipaddr.IPv4;
type IPv6 = ipaddr.IPv6;

/**
 * Suffixes of names that never resolve to a public host (RFC 6761, RFC 6762, RFC 8375, and names that clouds and
 * routers use internally).
 */
const PRIVATE_SUFFIXES = [
  "localhost",
  "localdomain",
  "local",
  "internal",
  "intranet",
  "lan",
  "corp",
  "home",
  "private",
  "home.arpa",
];

/** Addresses of cloud metadata services that lie in the public range. */
const METADATA_ADDRESSES = ["168.63.129.16"];
/** Those in other ranges but the link-local one: of Alibaba, Oracle; AWS, Google. */
const OTHER_METADATA = ["100.100.100.200", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254"];

const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR("2000::/3");
const NAT64 = ipaddr.IPv6.parseCIDR("64:ff9b::/96");
const LOCAL_NAT64 = ipaddr.IPv6.parseCIDR("64:ff9b:1::/48");
const TRANSLATED = ipaddr.IPv6.parseCIDR("::ffff:0:0:0/96");
const SIX_TO_FOUR = ipaddr.IPv6.parseCIDR("2002::/16");

export type HostResult = Result<string, string>;

/**
 * Returns the canonical spelling of a host (WHATWG URL, host parsing): lower case, ASCII, no trailing dot, IPv4 as four
 * decimal parts, IPv6 without brackets. Refuses a text that is no host.
 */
export function canonicalHost(raw: string): HostResult {
  const refused: HostResult = { ok: false, error: "expected a host name or an IP address" };
  if (/[/?#@\\]/.test(raw) || (raw.includes(":") && !raw.startsWith("["))) return refused;
  let host: string;
  try {
    host = new URL(`http://${raw}/`).hostname;
  } catch {
    return refused;
  }
  const name = host.startsWith("[") ? host.slice(1, -1) : host.replace(/\.$/, "");
  const wellFormed = host.startsWith("[") || (/^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$/.test(name) && !name.includes(".."));
  return wellFormed && name.length <= 253 ? { ok: true, value: name } : refused;
}

/** Whether a canonical host is an IP address. */
export function isAddress(host: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(host) || host.includes(":");
}

/** Returns why a canonical host is not public, as text for the end of a sentence; null: the host is public. */
export function refusedHost(host: string): string | null {
  if (ipaddr.IPv4.isValidFourPartDecimal(host)) return refusedV4(ipaddr.IPv4.parse(host));
  if (host.includes(":")) return ipaddr.IPv6.isValid(host) ? refusedV6(ipaddr.IPv6.parse(host)) : "not an address";
  const last = PRIVATE_SUFFIXES.find((suffix) => host === suffix || host.endsWith(`.${suffix}`));
  if (last !== undefined) return `names under ${last} are not public`;
  return host.includes(".") ? null : "a name without a dot is not public";
}

/**
 * Returns why a canonical host is an address that the machine's own surroundings answer, such as its cloud, as text for
 * the middle of a sentence; null: it is none, or a name.
 */
export function machineAddress(host: string): string | null {
  if (!ipaddr.isValid(host) || !isAddress(host)) return null;
  const address = ipaddr.parse(host);
  const inner = address instanceof ipaddr.IPv6 ? (embeddedV4(address) ?? translatedV4(address)) : null;
  if (inner !== null) return machineAddress(inner.toString());
  if ([...METADATA_ADDRESSES, ...OTHER_METADATA].includes(address.toString())) return "which is a metadata address";
  return address.range() === "linkLocal" ? "which is a link-local address" : null;
}

function refusedV4(address: IPv4): string | null {
  if (METADATA_ADDRESSES.includes(address.toString())) return "it is a metadata address";
  const range = address.range();
  return range === "unicast" ? null : `it is a ${wordsOf(range)} address`;
}

function refusedV6(address: IPv6): string | null {
  const inner = embeddedV4(address);
  if (inner !== null) {
    const reason = refusedV4(inner);
    return reason === null ? null : `it stands for ${inner.toString()}, and ${reason}`;
  }
  const range = address.range();
  if (range !== "unicast") return `it is a ${wordsOf(range)} address`;
  return address.match(GLOBAL_UNICAST) ? null : "it is not a global address";
}

/**
 * Returns the IPv4 address in an IPv6 address; null: it has none. Mapped and compatible (RFC 4291), NAT64 (RFC 6052)
 * and 6to4 (RFC 3056) addresses have one.
 */
function embeddedV4(address: IPv6): IPv4 | null {
  const bytes = address.toByteArray();
  if (address.match(SIX_TO_FOUR)) return new ipaddr.IPv4(bytes.slice(2, 6));
  const zeros = bytes.slice(0, 12).every((byte) => byte === 0) && bytes.slice(12, 14).some((byte) => byte !== 0);
  if (zeros || address.isIPv4MappedAddress() || address.match(NAT64)) return new ipaddr.IPv4(bytes.slice(12));
  return null;
}

/** Addresses that some networks translate (RFC 2765, RFC 8215); they are never public. */
function translatedV4(address: IPv6): IPv4 | null {
  const isTranslated = address.match(LOCAL_NAT64) || address.match(TRANSLATED);
  return isTranslated ? new ipaddr.IPv4(address.toByteArray().slice(12)) : null;
}

/** `carrierGradeNat` → `carrier grade nat`. */
function wordsOf(range: string): string {
  return range.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
