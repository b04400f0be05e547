/** Words for certificates, also for those that no authority would make. */
import { describe, expect, it } from "vitest";
import { certificateTroubles, timeOf, unknownAuthority } from "../../src/probes/certificate-troubles.ts";
import { COMMON_ADDRESS, COMMON_NAME, damaged, NO_SUBJECT } from "./odd-certificates.ts";

const NOW = Date.UTC(2030, 0, 1);
const of = (certificate: Uint8Array, host = "foo.example") => certificateTroubles([certificate], host, NOW);

describe("the name of a certificate", () => {
  const common = "names its host only in its common name, which clients no longer accept";

  it("counts only where clients look for it", () => {
    expect(of(NO_SUBJECT)).toEqual(["is self-signed"]);
    expect(of(COMMON_NAME)).toEqual([common, "is self-signed"]);
    expect(of(COMMON_ADDRESS, "192.0.2.1")).toEqual([common, "is self-signed"]);
  });

  it("of another host is told, wherever it stands", () => {
    expect(of(NO_SUBJECT, "bar.example")).toContain("is for another name (foo.example)");
    expect(of(COMMON_NAME, "bar.example")).toContain("is for another name (foo.example)");
    expect(of(COMMON_ADDRESS, "192.0.2.2")).toContain("is for another name (192.0.2.1)");
  });
});

describe("what no authority would make", () => {
  it.each([["Jan  1 00:00:00 30 GMT"], ["Jan  1 00:00:00 2030"], ["Bad time value"], [""]])(
    "the text %j is no date",
    (text) => {
      expect(timeOf(text)).toBeNaN();
    },
  );

  it("bytes that are no certificate are a trouble, and none above a good one", () => {
    const garbage = Uint8Array.from([0x30, 3, 2, 1, 0]);
    expect(of(garbage)).toEqual(["can't be read"]);
    expect(of(new Uint8Array(0))).toEqual(["can't be read"]);
    expect(certificateTroubles([NO_SUBJECT, garbage], "foo.example", NOW)).toEqual(["is self-signed"]);
    expect(unknownAuthority([garbage])).toMatch(/^is of an unknown authority \(/);
    expect(unknownAuthority([NO_SUBJECT])).toMatch(/^is of an unknown authority \(/);
  });

  it("any byte of a certificate may be another one, and nothing is thrown", () => {
    for (const changed of damaged(NO_SUBJECT)) {
      expect(of(changed)).toBeInstanceOf(Array);
      expect(unknownAuthority([changed])).toBeTypeOf("string");
    }
  });
});
