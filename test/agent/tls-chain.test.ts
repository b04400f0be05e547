/** The way from a server's certificate to a root, where an authority has renewed its own with the same key. */
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chainOf, distrustOf } from "../../src/agent/tls-chain.ts";
import { temporaryFolder } from "../servers/child-process.ts";
import { type DatedCertificate, makeDated } from "../servers/dated-certificates.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
const made: Record<"leaf" | "ended" | "valid" | "future", X509Certificate> = Object.create(null);

beforeAll(async () => {
  folder = await temporaryFolder("tls-chain");
  const authority = (over: Partial<DatedCertificate>) =>
    makeDated(folder.path, { subject: "Renewed", days: [-30, 300], signer: null, names: null, ...over });
  const valid = await authority({});
  const [ended, future, leaf] = await Promise.all([
    authority({ days: [-400, -10], renews: valid }),
    authority({ days: [5, 900], renews: valid }),
    authority({ subject: "localhost", days: [-1, 60], signer: valid, names: "DNS:localhost" }),
  ]);
  for (const [name, { cert }] of Object.entries({ leaf, ended, valid, future })) {
    Object.assign(made, { [name]: new X509Certificate(readFileSync(cert)) });
  }
});

afterAll(() => folder.remove());

describe("an authority that has renewed its certificate with the same key", () => {
  test.each(["roots", "sent"] as const)("counts by its valid one, whatever the order, among the %s", (place) => {
    const { leaf, ended, valid, future } = made;
    for (const all of [
      [ended, valid, future],
      [future, ended, valid],
      [valid, future, ended],
    ]) {
      const roots = new Map(place === "roots" ? [[valid.subject, all]] : []);
      expect(chainOf(leaf, { sent: place === "sent" ? all : [], roots, now: Date.now() })).toEqual([leaf, valid]);
    }
  });

  test("counts by the one that ended last, when none is valid", () => {
    const { leaf, ended, valid } = made;
    const roots = new Map([[valid.subject, [ended, valid]]]);
    expect(chainOf(leaf, { sent: [], roots, now: Date.now() + 400 * 86_400_000 })).toEqual([leaf, valid]);
  });
});

describe("a chain that no handshake has judged", () => {
  test("is trusted when authorities lead to a root", () => {
    const { leaf, valid } = made;
    const roots = new Map([[valid.subject, [valid]]]);
    expect(distrustOf([leaf, valid], roots)).toBeNull();
    expect(distrustOf([valid], roots)).toBeNull();
  });

  test("is not, when it ends before a root, signs itself, or ends at another one of the same name", () => {
    const { leaf, valid, future } = made;
    expect(distrustOf([leaf], new Map())).toBe("UNABLE_TO_GET_ISSUER_CERT_LOCALLY");
    expect(distrustOf([valid], new Map())).toBe("DEPTH_ZERO_SELF_SIGNED_CERT");
    expect(distrustOf([leaf, valid], new Map([[valid.subject, [future]]]))).toBe("UNABLE_TO_GET_ISSUER_CERT_LOCALLY");
  });

  test("is not, when one that is no authority has signed", () => {
    const { leaf } = made;
    expect(distrustOf([leaf, leaf], new Map([[leaf.subject, [leaf]]]))).toBe("INVALID_CA");
  });
});
