/** The dns probe against BIND, and against a resolver over HTTPS in front of it. */
import { describe, expect, inject, it } from "vitest";
import type { HealthOptions } from "../../src/core/service/options.ts";
import type { ProbeContext } from "../../src/probes/probe.ts";
import { ask, TIMEOUT_S } from "./ask-resolver.ts";
import { runCheck } from "./run-check.ts";
import { WAYS } from "./runtime.ts";

const { dns, nginx } = inject("servers");
const resolved = (name: string, options: HealthOptions = {}) => ask(dns.resolver, name, options);
const overHttps = (path: string, options: HealthOptions = {}, context: Partial<ProbeContext> = {}) =>
  runCheck(
    {
      health_method: "dns",
      health_timeout: TIMEOUT_S,
      health_url: `https://localhost:${dns.https}${path}`,
      health_options: { record_name: "www.plain.test", ...options },
    },
    true,
    context,
  );

describe("a resolver that answers", () => {
  it("passes, and its answers, their number and their life are details", async () => {
    const found = await resolved("www.plain.test");
    expect(found).toMatchObject({ verdict: "ok", error: null, details: { answer_count: 2, dnssec: "not told" } });
    expect(String(found.details.answers).split(", ").toSorted()).toEqual(["192.0.2.1", "192.0.2.2"]);
    expect(Number(found.details.ttl)).toBeGreaterThan(0);
    expect(Number(found.details.ttl)).toBeLessThanOrEqual(300);
    expect(found.latency_ms).toBeGreaterThanOrEqual(0);
  });

  it.each<[string, HealthOptions["record_type"], string[]]>([
    ["www.plain.test", "A", ["192.0.2.2"]],
    ["WWW.Plain.Test.", "A", ["192.0.2.1", "192.0.2.2"]],
    ["any.wild.plain.test", "A", ["192.0.2.3"]],
    ["bücher.plain.test", "A", ["192.0.2.4"]],
    ["www.plain.test", "AAAA", ["2001:DB8::0001"]],
    ["alias.plain.test", "CNAME", ["WWW.plain.test."]],
    ["chain.plain.test", "A", ["192.0.2.1"]],
    ["mail.plain.test", "MX", ["20 mx2.plain.test", "10 MX1.plain.test."]],
    ["plain.test", "NS", ["ns1.plain.test"]],
    ["plain.test", "SOA", ["ns1.plain.test admin.plain.test 7 7200 3600 1209600 300"]],
    ["text.plain.test", "TXT", ["v=spf1 -all", 'über "alles"']],
    ["_sip._tcp.plain.test", "SRV", ["10 5 5060 sip.plain.test"]],
    ["policy.plain.test", "CAA", ["0 issue ca.example"]],
    ["1.pointers.plain.test", "PTR", ["www.plain.test"]],
  ])("has for %s (%s) what is expected", async (name, record_type, answers) => {
    expect(await resolved(name, { record_type, answers })).toMatchObject({ verdict: "ok", error: null });
  });

  it("fails when an expected record is missing, or another is there and none may be", async () => {
    const missing = await resolved("www.plain.test", { answers: ["192.0.2.1", "192.0.2.9"] });
    expect(missing).toMatchObject({ verdict: "fail", details: { answer_count: 2 } });
    expect(missing.error).toMatch(/^dns: 192\.0\.2\.9 is not among the answers \(192\.0\.2\.\d, 192\.0\.2\.\d\)$/);
    const other = await resolved("www.plain.test", { answers: ["192.0.2.1"], no_other_answers: true });
    expect(other).toMatchObject({ verdict: "fail", error: "dns: other answers than expected (192.0.2.2)" });
    const exact = await resolved("www.plain.test", { answers: ["192.0.2.2", "192.0.2.1"], no_other_answers: true });
    expect(exact).toMatchObject({ verdict: "ok", error: null });
  });

  it("shows the shortest life of an alias and its records", async () => {
    expect(Number((await ask(dns.authority, "alias.plain.test")).details.ttl)).toBe(60);
  });

  it("shows no more of long answers than fits, and reads them whole", async () => {
    const huge = await resolved("huge.plain.test", { record_type: "TXT", answers: ["x".repeat(255)] });
    expect(huge).toMatchObject({ verdict: "fail", details: { answer_count: 1 } });
    const many = await resolved("many.plain.test", { record_type: "TXT", answers: ["number 0", "number 89"] });
    expect(many).toMatchObject({ verdict: "ok", details: { answer_count: 90 } });
    for (const { details } of [huge, many]) expect(details.answers).toMatch(/^.{1,62} …$/);
  });

  it.each<[string, string, HealthOptions, RegExp]>([
    ["the name does not exist", "ghost.plain.test", {}, /^dns: NXDOMAIN: there is no name ghost\.plain\.test$/],
    [
      "an alias leads to nothing",
      "dangling.plain.test",
      {},
      /^dns: NXDOMAIN: dangling\.plain\.test is an alias of ghost\.plain\.test, which does not exist$/,
    ],
    [
      "an alias that leads to nothing exists and must not",
      "dangling.plain.test",
      { expect_nxdomain: true },
      /^dns: the name dangling\.plain\.test exists, and it must not: it is an alias of ghost\.plain\.test, which does not exist$/,
    ],
    [
      "there is no record of the type",
      "www.plain.test",
      { record_type: "MX" },
      /^dns: www\.plain\.test has no record of the type MX$/,
    ],
    [
      "only an alias is there",
      "alias.plain.test",
      { record_type: "MX" },
      /^dns: alias\.plain\.test has no record of the type MX$/,
    ],
    [
      "the name exists and must not",
      "www.plain.test",
      { expect_nxdomain: true },
      /^dns: the name www\.plain\.test exists/,
    ],
    ["the name exists without such a record and must not", "mail.plain.test", { expect_nxdomain: true }, /exists/],
    [
      "aliases go round",
      "round.plain.test",
      {},
      /^dns: (SERVFAIL: the resolver could not find|round\.plain\.test has no record)/,
    ],
    [
      "its signature is of another key than is trusted",
      "www.forged.test",
      {},
      /^dns: SERVFAIL: the resolver could not find the answer/,
    ],
  ])("fails when %s", async (_what, name, options, error) => {
    const found = await resolved(name, options);
    expect(found.verdict).toBe("fail");
    expect(found.error).toMatch(error);
    expect(found.latency_ms).not.toBeNull();
  });

  it("passes when a name does not exist that must not", async () => {
    const found = await resolved("ghost.plain.test", { expect_nxdomain: true });
    expect(found).toMatchObject({ verdict: "ok", error: null, details: { dnssec: "not told" } });
    expect(found.details.answers).toBeUndefined();
  });

  it("refuses what it is not for", async () => {
    const found = await ask(dns.authority, "example.com");
    expect(found).toMatchObject({
      verdict: "fail",
      error: expect.stringMatching(/^dns: REFUSED: the resolver answers no such/),
    });
  });
});

describe("DNSSEC", () => {
  it("is told when the resolver validated the answer, whether it is asked for or not", async () => {
    for (const options of [{}, { dnssec: true }]) {
      const found = await resolved("www.signed.test", options);
      expect(found).toMatchObject({ verdict: "ok", error: null, details: { dnssec: "validated", answer_count: 2 } });
    }
    const missing = await resolved("ghost.signed.test", { expect_nxdomain: true, dnssec: true });
    expect(missing).toMatchObject({ verdict: "ok", details: { dnssec: "validated" } });
  });

  it("fails a check that wants it where nobody says so", async () => {
    for (const found of [
      await resolved("www.plain.test", { dnssec: true }),
      await ask(dns.authority, "www.signed.test", { dnssec: true }), // signed, and nobody has looked
    ]) {
      expect(found).toMatchObject({ verdict: "fail", details: { dnssec: "not told" } });
      expect(found.error).toBe("dns: the resolver does not say that it validated the answer");
    }
  });
});

describe("a resolver over HTTPS", () => {
  it.each(Object.entries(WAYS))("passes by the same rules, asked by %s", async (_way, way) => {
    expect(await overHttps("/dns-query", { answers: ["192.0.2.2"] }, way)).toMatchObject({
      verdict: "ok",
      error: null,
      details: { dnssec: "not told", answer_count: 2 },
    });
    const signed = await overHttps("/dns-query", { record_name: "www.signed.test", dnssec: true }, way);
    expect(signed).toMatchObject({ verdict: "ok", error: null, details: { dnssec: "validated" } });
    const ghost = await overHttps("/dns-query", { record_name: "ghost.plain.test" }, way);
    expect(ghost).toMatchObject({ verdict: "fail", error: "dns: NXDOMAIN: there is no name ghost.plain.test" });
    const large = await overHttps("/dns-query", { record_name: "huge.plain.test", record_type: "TXT" }, way);
    expect(large).toMatchObject({ verdict: "ok", details: { answer_count: 1 } });
  });

  it.each([
    ["/html", /^dns: the answer is no message of DNS \(text\/html\)$/],
    ["/moved", /^dns: HTTP status 302$/],
    ["/elsewhere", /^dns: HTTP status 503$/],
    ["/long", /^dns: the answer is no message of DNS: it is longer than any$/],
    ["/empty", /^dns: the answer is no message of DNS$/],
    ["/other-id", /^dns: the answer is to another question \(its id\)$/],
  ])("fails at %s", async (path, error) => {
    const found = await overHttps(path);
    expect(found.verdict).toBe("fail");
    expect(found.error).toMatch(error);
  });

  it.each(Object.entries(WAYS))(
    "is asked again when the connection is lost before an answer, by %s",
    async (_, way) => {
      const found = await overHttps(`/lost-once?${crypto.randomUUID()}`, {}, way);
      expect(found).toMatchObject({ verdict: "ok", error: null });
    },
  );

  it("may have a secret in its path, which nobody is shown", async () => {
    const secret = () => "open sesame";
    const found = await runCheck(
      {
        health_method: "dns",
        health_timeout: TIMEOUT_S,
        health_url: `https://localhost:${dns.https}/\${PROBE_SECRET_TEST}`,
        health_options: { record_name: "www.plain.test" },
      },
      true,
      { secret },
    );
    expect(found).toMatchObject({ verdict: "ok", error: null });
  });

  it("must have a certificate for its name", async () => {
    const found = await runCheck({
      health_method: "dns",
      health_timeout: TIMEOUT_S,
      health_url: `https://localhost:${nginx.misnamed}/`,
      health_options: { record_name: "www.plain.test" },
    });
    expect(found.verdict).toBe("fail");
    expect(found.error).toMatch(/^tls: the certificate is for another name/);
  });
});

it("a resolver at a private address is not asked where these are refused", async () => {
  const health_url = `dns://127.0.0.1:${dns.resolver}/www.plain.test`;
  const found = await runCheck({ health_method: "dns", health_url }, false);
  expect(found).toMatchObject({
    verdict: "unprobeable",
    error: expect.stringMatching(/^refused target: 127\.0\.0\.1/),
  });
});
