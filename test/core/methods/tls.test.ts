import { describe, expect, test } from "vitest";
import { serviceSchema } from "../../../src/core/service/registration.ts";
import { parseService } from "../../../src/core/service/service-rules.ts";
import { guessServiceType, parseTarget, targetHost } from "../../../src/core/service/target.ts";

const rules = { allowPrivate: false, mayReceive: () => true };
function errorsOf(health_url: string, health_options: object = {}, agent: string | null = "dc-1"): string[] {
  const body = serviceSchema.parse({ name: "a", health_method: "tls", health_url, health_options, agent });
  const parsed = parseService(body, rules);
  return parsed.ok ? [] : parsed.error.map(({ path, message }) => `${path}: ${message}`);
}

describe("the target of a tls check", () => {
  test.each([
    ["example.com:8443", { host: "example.com", port: 8443, tls: true }],
    ["tls://Example.com", { host: "example.com", port: 443, tls: true }],
    ["[2001:db8::1]:443", { host: "2001:db8::1", port: 443 }],
  ])("%s", (url, parts) => {
    expect(parseTarget("tls", url, { allowPrivate: true })).toMatchObject({ ok: true, value: parts });
  });

  test.each(["https://example.com", "example.com:443/path", "tls://user@example.com", "tls://", "a b:443"])(
    "is refused: %s",
    (url) => {
      expect(errorsOf(url)).toEqual([expect.stringMatching(/^health_url: expected host:port/)]);
    },
  );

  test("may be private, as the agent is, and says what the service is", () => {
    expect(errorsOf("10.0.0.7:636")).toEqual([]);
    expect(guessServiceType("tls", "10.0.0.7:636")).toBe("other");
    expect(targetHost("tls", "10.0.0.7:636")).toBe("10.0.0.7");
  });
});

test.each<[object, string]>([
  [{ fail_days: 22 }, "health_options.fail_days: expected at most warn_days (21)"],
  [{ warn_days: 2 }, "health_options.fail_days: expected at most warn_days (2)"],
  [{ server_name: "a b" }, "health_options.server_name: expected a host name or an IP address"],
  [{ expect: "hello" }, "health_options.expect: does not apply to the method tls"],
])("a tls check with %o is refused", (options, error) => {
  expect(errorsOf("example.com:443", options)).toEqual([error]);
});

test("a tls check needs an agent", () => {
  expect(errorsOf("example.com:443", {}, null)).toEqual(["agent: needed for tls"]);
});

test("a tls check may ask for other names, and have its own days", () => {
  for (const server_name of ["www.example.com", "10.0.0.7", "2001:db8::1"]) {
    expect(errorsOf("example.com:443", { server_name, warn_days: 5, fail_days: 0.5, chain: false })).toEqual([]);
  }
});
