/** The dns probe against a resolver that lies, and against what is none. */
import { describe, expect, inject, it } from "vitest";
import { LIES, type Lie } from "../servers/dns-lies.ts";
import { ask, TIMEOUT_S } from "./ask-resolver.ts";

const { dns, faulty, nothing, black_hole } = inject("servers");

describe("a resolver that lies", () => {
  const MALFORMED = "dns: the answer is no message of DNS";
  const OTHER = "dns: the answer is to another question";
  const expected: Readonly<Record<Lie, string | RegExp>> = {
    honest: "",
    silent: "timeout after 1 s: no answer from the resolver",
    "other-id": `${OTHER} (its id)`,
    "other-name": OTHER,
    "other-type": OTHER,
    "no-question": OTHER,
    "refused-briefly": /^dns: REFUSED: /,
    truncated: "dns: the answer is truncated, which it must not be over a stream",
    "own-question": MALFORMED,
    "odd-code": "dns: the resolver fails with code 11",
    "no-edns": "",
    "edns-not-implemented": "",
    "other-edns": "",
    "formerr-with-edns": "dns: FORMERR: the resolver does not understand the question",
    "formerr-always": "dns: FORMERR: the resolver does not understand the question",
    "bad-cookie": "dns: BADCOOKIE: the resolver wants a cookie of its own",
    "highest-code": "dns: the resolver fails with code 4095",
    "alias-of-nothing": "dns: NXDOMAIN: alias-of-nothing.lies.test is an alias of other.test, which does not exist",
    "missing-and-there": "dns: the answer says that the name does not exist, and has records of it",
    "lost-once": "",
    bogus: "dns: SERVFAIL: the resolver could not find the answer (DNSSEC bogus: late)",
    "of-another": "dns: of-another.lies.test has no record of the type A",
    "alias-round": "dns: alias-round.lies.test has no record of the type A",
    "pointer-to-itself": MALFORMED,
    "pointer-ahead": MALFORMED,
    "many-records": MALFORMED,
    "long-data": MALFORMED,
    "short-data": MALFORMED,
    "long-message": "connect: closed in the middle of the answer",
    "endless-message": "timeout after 1 s: the answer did not end",
    "short-message": MALFORMED,
    "large-message": "",
    web: MALFORMED,
  };

  const lies = Object.keys(LIES) as Lie[];
  it.each(lies.map((lie) => [lie]))("is understood: %s", async (lie) => {
    const error = expected[lie];
    const mayWait = String(error).startsWith("timeout");
    const found = await ask(dns.liar, `${lie}.lies.test`, {}, mayWait ? 1 : TIMEOUT_S);
    if (error === "") expect(found).toMatchObject({ verdict: "ok", error: null });
    else
      expect(found).toMatchObject({
        verdict: "fail",
        error: typeof error === "string" ? error : expect.stringMatching(error),
      });
  });

  it.each<[Lie]>([["no-edns"], ["edns-not-implemented"], ["other-edns"]])(
    "is asked without EDNS, so that nobody tells of DNSSEC: %s",
    async (lie) => {
      expect(await ask(dns.liar, `${lie}.lies.test`, { dnssec: true })).toMatchObject({
        verdict: "fail",
        error: "dns: the resolver does not say that it validated the answer",
        details: { answers: "192.0.2.1", dnssec: "not told" },
      });
    },
  );

  it("can't have a name exist and not exist for a check that wants it missing", async () => {
    const found = await ask(dns.liar, "missing-and-there.lies.test", { expect_nxdomain: true });
    expect(found.verdict).toBe("fail");
  });

  it.each<[string, number, RegExp]>([
    ["nothing listens", nothing, /^connect: refused/],
    ["it is a black hole", black_hole, /^timeout after 1 s: connecting/],
    ["it says nothing", faulty.silent, /^timeout after 1 s: no answer from the resolver/],
    ["it drips", faulty.drip, /^timeout after 1 s|no message of DNS/],
    ["it talks garbage", faulty.garbage, /^dns: the answer is no message of DNS/],
    ["it floods", faulty.flood, /^dns: the answer is no message of DNS/],
    ["it closes", faulty.closing, /^connect: /],
    ["it resets", faulty.resetting, /^connect: /],
  ])("fails when %s", async (_what, port, error) => {
    const found = await ask(port, "www.plain.test", {}, 1);
    expect(found.verdict).toBe("fail");
    expect(found.error).toMatch(error);
  });
});
