import { expect, it } from "vitest";
import { scramFinal } from "../../src/probes/scram.ts";

const first = (iterations: string) => scramFinal("secret", "nonce", `r=nonce+server,s=c2FsdA==,i=${iterations}`, 5_000);

it("a count of iterations that is no number of the protocol is a malformed answer, not a costly one", async () => {
  for (const text of ["Infinity", "1e99", "0x2000", "1.5", "-1", "0", "", " 4096"]) {
    expect(await first(text), text).toBeNull();
  }
  expect(await first("5001")).toBe("too costly");
  expect(await first("4096")).toMatchObject({ message: expect.stringMatching(/^c=biws,r=nonce\+server,p=/) });
});
