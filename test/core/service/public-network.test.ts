/** The ranges say of each address what refusedHost says. */
import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { expect, it } from "vitest";
import { refusedHost } from "../../../src/core/service/address.ts";
import { PUBLIC_NETWORK } from "../../../src/core/service/public-network.ts";

const ranges = Object.entries(PUBLIC_NETWORK).flatMap(([rule, texts]) =>
  texts.map((text) => ({ rule, range: ipaddr.parseCIDR(text) })),
);

/** The rule of the smallest range that the address is in. */
function ruleOf(text: string): string | undefined {
  const address = ipaddr.parse(text);
  const rules = ranges.filter(({ range }) => range[0].kind() === address.kind() && address.match(range));
  return rules.toSorted((a, b) => b.range[1] - a.range[1])[0]?.rule;
}

const expectSame = (address: string) =>
  expect(ruleOf(address) === "allow", address).toBe(refusedHost(address) === null);

const hex = (bytes: readonly number[]) => bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
const v6 = (bytes: readonly number[]) => (hex(bytes).match(/.{4}/g) ?? []).join(":");
const plusOne = (bytes: readonly number[], step: 1 | -1) => {
  const next = BigInt(`0x${hex(bytes)}`) + BigInt(step);
  const digits = (next < 0n ? 0n : next)
    .toString(16)
    .padStart(bytes.length * 2, "0")
    .slice(-bytes.length * 2);
  return (digits.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16));
};
const textOf = (bytes: readonly number[]) => (bytes.length === 4 ? bytes.join(".") : v6(bytes));

it("at both ends of each range, and beside them", () => {
  for (const { range } of ranges) {
    const [first, bits] = range;
    const start = first.toByteArray();
    const end = start.map((byte, index) => byte | (255 >> Math.min(8, Math.max(0, bits - index * 8))));
    for (const bytes of [start, end, plusOne(start, -1), plusOne(end, 1)]) expectSame(textOf(bytes));
  }
});

it("anywhere, with and without an IPv4 address inside", () => {
  const four = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
  const [zeros, rest] = [Array<number>(10).fill(0), fc.array(fc.nat(255), { minLength: 10, maxLength: 10 })];
  fc.assert(
    fc.property(four, fc.array(fc.nat(255), { minLength: 16, maxLength: 16 }), rest, (inner, any, tail) => {
      const around = [
        [...zeros, 0, 0, ...inner],
        [...zeros, 255, 255, ...inner],
        [0, 0x64, 0xff, 0x9b, ...zeros.slice(2), ...inner],
        [0x20, 0x02, ...inner, ...tail],
        [0x20 | ((any[0] ?? 0) % 32), ...any.slice(1)],
      ];
      for (const bytes of [inner, any, ...around]) expectSame(textOf(bytes));
    }),
    { numRuns: 1_000 },
  );
});
