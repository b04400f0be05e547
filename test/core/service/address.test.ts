import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalHost, refusedHost } from "../../../src/core/service/address.ts";

const canonical = (raw: string) => {
  const result = canonicalHost(raw);
  return result.ok ? result.value : `error: ${result.error}`;
};

describe("a host has one spelling", () => {
  it.each([
    ["EXAMPLE.com", "example.com"],
    ["example.com.", "example.com"],
    ["ex%61mple.com", "example.com"],
    ["ｅｘａｍｐｌｅ。com", "example.com"],
    ["bücher.example", "xn--bcher-kva.example"],
    ["2130706433", "127.0.0.1"],
    ["0x7f.1", "127.0.0.1"],
    ["0177.0.0.1", "127.0.0.1"],
    ["127.1", "127.0.0.1"],
    ["１２７.０.０.１", "127.0.0.1"],
    ["127.0.0.1.", "127.0.0.1"],
    ["[::FFFF:127.0.0.1]", "::ffff:7f00:1"],
    ["[2606:4700:0:0:0:0:0:1111]", "2606:4700::1111"],
    ["my_service.example", "my_service.example"],
  ])("%s becomes %s", (raw, host) => {
    expect(canonical(raw)).toBe(host);
  });

  it.each([
    "",
    "a b",
    "256.1.1.1",
    "[::1",
    "a..b",
    "-",
    "${PROBE_SECRET_HOST}",
    "a/b@c:d",
    "x".repeat(300),
    "exa mple",
    "a'b.c",
  ])("%s is no host", (raw) => {
    expect(canonical(raw)).toMatch(/^error: expected a host name/);
  });
});

describe("what is not public is refused", () => {
  it.each([
    ["127.0.0.1", "loopback"],
    ["10.1.2.3", "private"],
    ["172.16.0.1", "private"],
    ["172.31.255.255", "private"],
    ["192.168.1.1", "private"],
    ["169.254.169.254", "link local"],
    ["100.64.0.1", "carrier grade nat"],
    ["100.100.100.200", "carrier grade nat"],
    ["0.0.0.0", "unspecified"],
    ["224.0.0.1", "multicast"],
    ["255.255.255.255", "broadcast"],
    ["240.0.0.1", "reserved"],
    ["192.0.2.1", "reserved"],
    ["198.18.0.1", "reserved"],
    ["198.51.100.1", "reserved"],
    ["203.0.113.1", "reserved"],
    ["168.63.129.16", "metadata"],
    ["::1", "loopback"],
    ["::", "unspecified"],
    ["fe80::1", "link local"],
    ["fc00::1", "unique local"],
    ["fd00:ec2::254", "unique local"],
    ["ff02::1", "multicast"],
    ["2001:db8::1", "reserved"],
    ["3fff::1", "reserved"],
    ["2001::1", "teredo"],
    ["4000::1", "not a global address"],
    ["64:ff9b:1::a00:1", "rfc6052"],
    ["::ffff:127.0.0.1", "stands for 127.0.0.1"],
    ["::ffff:a9fe:a9fe", "stands for 169.254.169.254"],
    ["::7f00:1", "stands for 127.0.0.1"],
    ["64:ff9b::a00:1", "stands for 10.0.0.1"],
    ["2002:7f00:1::", "stands for 127.0.0.1"],
    ["localhost", "localhost"],
    ["db.localhost", "localhost"],
    ["metadata.google.internal", "internal"],
    ["printer.local", "local"],
    ["router.home.arpa", "home.arpa"],
    ["postgres", "without a dot"],
  ])("%s: %s", (host, reason) => {
    expect(refusedHost(host)).toContain(reason);
  });

  it.each([
    "1.1.1.1",
    "172.32.0.1",
    "100.128.0.1",
    "2606:4700::1111",
    "::ffff:1.1.1.1",
    "64:ff9b::101:101",
    "2002:101:101::1",
    "db.example.com",
    "localhost.example.com",
    "internal.example",
  ])("%s is public", (host) => {
    expect(refusedHost(host)).toBeNull();
  });

  it("refuses a loopback address in whatever base its parts are written", () => {
    const part = fc.constantFrom(
      (n: number) => String(n),
      (n: number) => `0x${n.toString(16)}`,
      (n: number) => `0${n.toString(8)}`,
    );
    const low = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(low, low, low, fc.tuple(part, part, part, part), (b, c, d, [p, q, r, s]) => {
        const parts = [p(127), q(b), r(c), s(d)];
        for (const spelling of [
          parts.join("."),
          p(((127 * 256 + b) * 256 + c) * 256 + d),
          `${p(127)}.${q((b * 256 + c) * 256 + d)}`,
        ]) {
          expect(refusedHost(canonical(spelling))).toContain("loopback");
        }
      }),
    );
  });
});
