/** Networks of the runtime, which takes ranges and no function. PUBLIC_NETWORK has the addresses that refusedHost lets pass. */

/** Where only public targets are allowed, this and an address is the code of an error: the name stands for that one. */
export const NOT_PUBLIC = "ENOTPUBLIC ";

/** Within 0.0.0.0/0. */
const NOT_PUBLIC_V4 = [
  ...["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16", "172.16.0.0/12"],
  ...["192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16"],
  ...["192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"],
];
/** Within 2000::/3. */
const NOT_PUBLIC_V6 = ["2001::/23", "2001:db8::/32", "2620:4f:8000::/48", "3fff::/20"];
/** The IPv6 forms of an IPv4 address, by the bits before it: compatible, mapped, NAT64, 6to4. */
const AROUND_V4 = [
  { before: "::", after: "", bits: 96 },
  { before: "::ffff:", after: "", bits: 96 },
  { before: "64:ff9b::", after: "", bits: 96 },
  { before: "2002:", after: "::", bits: 16 },
] as const;

/** Of two ranges that an address is in, the smaller one decides. An address that is in none is denied. */
export const PUBLIC_NETWORK = {
  allow: ["0.0.0.0/0", "2000::/3", ...inV6("0.0.0.0/0")],
  deny: [...NOT_PUBLIC_V4, ...NOT_PUBLIC_V6, ...NOT_PUBLIC_V4.flatMap(inV6)],
};

/** All that a machine can reach, as the runtime names it. */
export const ANY_NETWORK = { allow: ["public", "private", "240.0.0.0/4"], deny: [] };

/** The IPv6 addresses that stand for those of the range. */
function inV6(range: string): string[] {
  const [a = 0, b = 0, c = 0, d = 0, prefix = 0] = range.split(/[./]/).map(Number);
  const inner = `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  return AROUND_V4.map(({ before, after, bits }) => `${before}${inner}${after}/${bits + prefix}`);
}
