import { describe, expect, test } from "vitest";
import { serviceSchema } from "../../../src/core/service/registration.ts";
import { parseService } from "../../../src/core/service/service-rules.ts";
import { parseTarget } from "../../../src/core/service/target.ts";

const targetOf = (url: string) => parseTarget("dns", url, { allowPrivate: true });
const rules = { allowPrivate: false, mayReceive: () => true };
function errorsOf(health_url: string, health_options: object = {}): string[] {
  const body = serviceSchema.parse({ name: "a", health_method: "dns", health_url, health_options });
  const parsed = parseService(body, rules);
  return parsed.ok ? [] : parsed.error.map(({ path, message }) => `${path}: ${message}`);
}
const OVER_HTTPS = "https://dns.example.com/dns-query";

const NO_SLASH = "a name has no slash: the type of the records is the option record_type";
const NO_ADDRESS =
  "to ask for an address's name use its reverse name, such as 1.2.0.192.in-addr.arpa with record_type PTR";
const NO_DNS_OVER_TLS =
  "health_url: DNS over TLS (port 853) is not supported: use https:// (DNS over HTTPS), or port 53 of the resolver";

describe("the target of a dns check", () => {
  test.each([
    ["dns://9.9.9.9/example.com", { host: "9.9.9.9", port: 53, tls: false, path: "example.com" }],
    ["dns://9.9.9.9:5353/Example.COM.", { port: 5353, path: "example.com" }],
    ["DNS://ns.example/_dmarc.example.com", { host: "ns.example", path: "_dmarc.example.com" }],
    ["dns://[2001:db8::1]/b\u00fccher.example", { host: "2001:db8::1", port: 53, path: "xn--bcher-kva.example" }],
    ["dns://9.9.9.9/1.2.0.192.in-addr.arpa", { path: "1.2.0.192.in-addr.arpa" }],
    [OVER_HTTPS, { host: "dns.example.com", port: 443, tls: true, path: "/dns-query" }],
    ["https://dns.example.com/${PROBE_SECRET_ID}/q?a=1", { path: "/${PROBE_SECRET_ID}/q?a=1" }],
  ])("%s", (url, parts) => {
    expect(targetOf(url)).toMatchObject({ ok: true, value: parts });
  });

  test.each([
    ["dns://user@9.9.9.9/example.com", "a resolver takes no login"],
    ["dns://9.9.9.9/example.com?type=MX", "a question has no parameters: use the option record_type"],
    ["dns://9.9.9.9/a..b", "expected a name such as example.com"],
    [`dns://9.9.9.9/${"a".repeat(64)}.example`, "expected a name such as example.com"],
    ["dns://9.9.9.9/${PROBE_SECRET_ID}.example", "expected a name such as example.com"],
    ["dns://9.9.9.9/example.com/MX", NO_SLASH],
    ["dns://9.9.9.9/example.com/", NO_SLASH],
    ["dns://9.9.9.9/0%2F25.2.0.192.in-addr.arpa", NO_SLASH],
    ["dns://9.9.9.9/https://example.com", NO_SLASH],
    ["dns://9.9.9.9/192.0.2.1", NO_ADDRESS],
    ["dns://9.9.9.9/192.0.2.1.", NO_ADDRESS],
    ["dns://9.9.9.9/2001:db8::1", NO_ADDRESS],
    ["dns://9.9.9.9/[2001:DB8::1]", NO_ADDRESS],
    ["example.com", "expected dns://resolver/name or the https:// URL of a resolver"],
    ["http://dns.example.com/dns-query", "expected dns://resolver/name or the https:// URL of a resolver"],
  ])("is refused: %s", (url, error) => {
    expect(targetOf(url)).toEqual({ ok: false, error });
  });

  test("is public where private targets are refused, whatever it asks for", () => {
    expect(errorsOf("dns://127.0.0.1/example.com")).toEqual([
      "health_url: 127.0.0.1 is refused: it is a loopback address",
    ]);
    expect(errorsOf("dns://9.9.9.9/db.internal")).toEqual([]);
  });
});

describe("a dns check", () => {
  test.each<[string, string, object]>([
    ["a name in the target", "dns://9.9.9.9/example.com", {}],
    ["a name in the options", "dns://9.9.9.9", { record_name: "example.com" }],
    ["the root", "dns://9.9.9.9", { record_name: ".", record_type: "NS" }],
    ["HTTPS", OVER_HTTPS, { record_name: "b\u00fccher.example" }],
    ["addresses", OVER_HTTPS, { record_name: "a.example", answers: ["192.0.2.1"], no_other_answers: true }],
    ["a secret text", OVER_HTTPS, { record_name: "a.example", record_type: "TXT", answers: ["${PROBE_SECRET_X}"] }],
    [
      "names with a slash among the answers",
      "dns://9.9.9.9/1.2.0.192.in-addr.arpa",
      { record_type: "CNAME", answers: ["1.0/25.2.0.192.in-addr.arpa"] },
    ],
    ["a resolver over HTTPS at port 853", "https://dns.example.com:853/dns-query", { record_name: "a.example" }],
    ["NXDOMAIN", "dns://9.9.9.9/example.com", { expect_nxdomain: true, dnssec: true }],
  ])("may have %s", (_what, url, options) => {
    expect(errorsOf(url, options)).toEqual([]);
  });

  test.each<[string, object, string]>([
    ["dns://9.9.9.9", {}, "health_url: a name is missing, such as dns://resolver/example.com"],
    [
      "dns://9.9.9.9/a.example",
      { record_name: "b.example" },
      "health_options.record_name: the target names what is asked already",
    ],
    ["dns://9.9.9.9:853/a.example", {}, NO_DNS_OVER_TLS],
    ["dns://9.9.9.9:853", { record_name: "a.example" }, NO_DNS_OVER_TLS],
    [OVER_HTTPS, { record_name: "a.example/MX" }, `health_options.record_name: ${NO_SLASH}`],
    [OVER_HTTPS, { record_name: "192.0.2.1" }, `health_options.record_name: ${NO_ADDRESS}`],
    [
      "dns://9.9.9.9/a",
      { record_type: "CNAME", answers: ["b.example", "c.example"] },
      "health_options.answers: a name has one record of the type CNAME at most",
    ],
    [
      "dns://9.9.9.9/a",
      { record_type: "SOA", answers: ["a. b. 1 2 3 4 5", "a. b. 2 2 3 4 5"] },
      "health_options.answers: a name has one record of the type SOA at most",
    ],
    [OVER_HTTPS, {}, "health_options.record_name: needed for a resolver over HTTPS"],
    [OVER_HTTPS, { record_name: "a b" }, "health_options.record_name: expected a name such as example.com"],
    ["dns://9.9.9.9/a", { no_other_answers: true }, "health_options.no_other_answers: other than which? needs answers"],
    [
      "dns://9.9.9.9/a",
      { answers: ["192.0.2.1"], expect_nxdomain: true },
      "health_options.answers: a name that must not exist has none",
    ],
    [
      "dns://9.9.9.9/a",
      { answers: ["192.0.2.1", "a.example"] },
      "health_options.answers[1]: expected a record of the type A, such as 192.0.2.1",
    ],
    [
      "dns://9.9.9.9/a",
      { answers: ["192.0.2.01"] },
      "health_options.answers[0]: expected a record of the type A, such as 192.0.2.1",
    ],
    [
      "dns://9.9.9.9/a",
      { record_type: "AAAA", answers: ["192.0.2.1"] },
      "health_options.answers[0]: expected a record of the type AAAA, such as 2001:db8::1",
    ],
    [
      "dns://9.9.9.9/a",
      { record_type: "MX", answers: ["mail.example"] },
      "health_options.answers[0]: expected a record of the type MX, such as 10 mail.example.com",
    ],
    [
      "dns://9.9.9.9/a",
      { record_type: "MX", answers: ["65536 mail.example"] },
      "health_options.answers[0]: expected a record of the type MX, such as 10 mail.example.com",
    ],
    [
      "dns://9.9.9.9/a",
      { record_type: "CAA", answers: ["ca.example"] },
      'health_options.answers[0]: expected a record of the type CAA, such as 0 issue "ca.example"',
    ],
  ])("that can't pass is refused: %s %o", (url, options, error) => {
    expect(errorsOf(url, options)).toEqual([error]);
  });
});
