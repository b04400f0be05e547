/** Which hosts may be probed: public addresses and names, whatever their spelling. */
import ipaddr from "ipaddr.js";

type IPv4 = ipaddr.IPv4;
type IPv6 = ipaddr.IPv6;

/** Names that never lead to a public host (RFC 6761, RFC 6762, RFC 8375, and what clouds and routers use inside). */
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

/** Metadata services that have an address of the public range. */
const METADATA_ADDRESSES = ["168.63.129.16"];

const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR("2000::/3");
const NAT64 = ipaddr.IPv6.parseCIDR("64:ff9b::/96");
const SIX_TO_FOUR = ipaddr.IPv6.parseCIDR("2002::/16");

export type HostResult = { ok: true; host: string } | { ok: false; error: string };

/**
 * Brings a host to its one spelling: lower case, ASCII, no trailing dot, an IPv4 address in four decimal parts, an IPv6
 * address without brackets (WHATWG URL, host parsing). `expected a host name` for what is none.
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
  return wellFormed && name.length <= 253 ? { ok: true, host: name } : refused;
}

/** Why a canonical host is not a public one, in words for the end of a sentence; null when it is. */
export function refusedHost(host: string): string | null {
  if (ipaddr.IPv4.isValidFourPartDecimal(host)) return refusedV4(ipaddr.IPv4.parse(host));
  if (host.includes(":")) return ipaddr.IPv6.isValid(host) ? refusedV6(ipaddr.IPv6.parse(host)) : "not an address";
  const last = PRIVATE_SUFFIXES.find((suffix) => host === suffix || host.endsWith(`.${suffix}`));
  if (last !== undefined) return `names under ${last} are not public`;
  return host.includes(".") ? null : "a name without a dot is not public";
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

/** The IPv4 address that an IPv6 one leads to: mapped, compatible (RFC 4291), NAT64 (RFC 6052), 6to4 (RFC 3056). */
function embeddedV4(address: IPv6): IPv4 | null {
  const bytes = address.toByteArray();
  if (address.match(SIX_TO_FOUR)) return new ipaddr.IPv4(bytes.slice(2, 6));
  const zeros = bytes.slice(0, 12).every((byte) => byte === 0) && bytes.slice(12, 14).some((byte) => byte !== 0);
  if (zeros || address.isIPv4MappedAddress() || address.match(NAT64)) return new ipaddr.IPv4(bytes.slice(12));
  return null;
}

/** `carrierGradeNat` → `carrier grade nat`. */
function wordsOf(range: string): string {
  return range.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
