/** The verdict on certificates that no authority would make. */
import { X509Certificate } from "node:crypto";
import { describe, expect, test } from "vitest";
import { chainOf } from "../../src/agent/tls-chain.ts";
import { judgeCertificate } from "../../src/agent/tls-judge.ts";
import { certificatesOf } from "../../src/probes/certificate-troubles.ts";
import { damaged, NO_SUBJECT, withEnd } from "../probes/odd-certificates.ts";

const NOW = Date.UTC(2030, 0, 1);
const GOOD = new X509Certificate(NO_SUBJECT);

function judged(chain: readonly X509Certificate[], options = {}) {
  const shown = { chain, distrust: null, protocol: "TLSv1.3", name: "foo.example", wantsCertificate: false };
  return judgeCertificate(shown, options, NOW);
}

describe("a certificate whose end is no date", () => {
  test.each(["99991399", "no date", "\0"])("fails, whatever the check asks: %j", (text) => {
    const bad = new X509Certificate(withEnd(NO_SUBJECT, text));
    for (const options of [{}, { chain: false }]) {
      const found = judged([bad], options);
      expect(found).toMatchObject({ verdict: "fail", error: "tls: the certificate has no readable date" });
      expect(found.details).toEqual({ protocol: "TLSv1.3", names: "foo.example" });
    }
  });

  test("fails above a good one, too, whose date is told", () => {
    const found = judged([GOOD, new X509Certificate(withEnd(NO_SUBJECT, "no date"))]);
    expect(found).toMatchObject({
      verdict: "fail",
      error: "tls: the certificate has no readable date, the authority's one",
      details: { not_after: new Date(GOOD.validTo).toISOString() },
    });
  });
});

test("any byte of a certificate may be another one, and nothing is thrown", () => {
  let read = 0;
  for (const der of damaged(NO_SUBJECT)) {
    for (const certificate of certificatesOf([der])) {
      const roots = new Map([[certificate.issuer, [certificate]]]);
      const chain = chainOf(certificate, { sent: [certificate, GOOD], roots, now: NOW });
      expect(["ok", "warn", "fail"]).toContain(judged(chain).verdict);
      read++;
    }
  }
  expect(read).toBeGreaterThan(100);
});
