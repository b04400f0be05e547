import { describe, expect, it } from "vitest";
import { CAUSES, failureFromError } from "../../src/probes/failure-words.ts";

const PLAIN = { handshaking: false, answered: false };
const coded = (code: string) => Object.assign(new Error(`connect ${code} 192.0.2.1:80`), { code });

it("no two causes have one sentence, and none speaks of a reference", () => {
  const words = Object.values(CAUSES);
  expect(new Set(words).size).toBe(words.length);
  for (const text of words) expect(text).not.toMatch(/reference|internal error/);
});

it.each([
  ["ECONNREFUSED", CAUSES.refused],
  ["EHOSTUNREACH", CAUSES.noRoute],
  ["ENETUNREACH", CAUSES.noRoute],
  ["ETIMEDOUT", CAUSES.noAnswer],
  ["ECONNRESET", CAUSES.reset],
  ["EPIPE", CAUSES.closed],
  ["ENOTFOUND", CAUSES.unknownHost],
  ["EAI_AGAIN", CAUSES.noLookUp],
])("the code %s of the system means: %s", (code, words) => {
  expect(failureFromError(coded(code), PLAIN).message).toBe(words);
});

it("of several addresses that failed, the last one counts", () => {
  const errors = new AggregateError([coded("ENETUNREACH"), coded("ECONNREFUSED")]);
  expect(failureFromError(errors, PLAIN).message).toBe(CAUSES.refused);
});

it.each([
  ["internal error; reference = abc123", { unclear: "connection", message: CAUSES.failed }],
  ["Network connection lost.", { unclear: "protocol", message: CAUSES.reset }],
  ["proxy request failed, cannot connect to the specified address", { unclear: "connection" }],
  [
    "proxy request failed, cannot connect to the specified address. It looks like you might be trying to connect to a HTTP-based service — consider using fetch instead",
    { unclear: "connection", verdict: "fail" },
  ],
  ["TCP Loop detected", { verdict: "unprobeable", message: CAUSES.platformAddress }],
  ["something new; reference = abc123", { message: "failed: something new" }],
])("a Worker's %j is understood, or left to be found out", (text, expected) => {
  expect(failureFromError(new Error(text), PLAIN)).toMatchObject(expected);
});

it("during a handshake an unclear error is one of TLS", () => {
  const failure = failureFromError(new Error("internal error; reference = x"), { handshaking: true, answered: false });
  expect(failure).toMatchObject({ unclear: "tls", message: CAUSES.tls });
});

describe("what fails here is no failure of the target", () => {
  const inconclusive = { verdict: "inconclusive", unclear: null };

  it.each(["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "EADDRINUSE", "EADDRNOTAVAIL", "EPERM", "EACCES"])(
    "the code %s of the system",
    (code) => {
      const failure = failureFromError(coded(code), { handshaking: true, answered: true });
      expect(failure).toMatchObject({ ...inconclusive, answered: false });
      expect(failure.message).toMatch(/^the check itself failed: it /);
    },
  );

  it.each([
    "Too many subrequests by single Worker invocation.",
    "Worker exceeded CPU time limit.",
    "Worker exceeded memory limit.",
    "Cannot perform I/O on behalf of a different request.",
    "The Workers runtime canceled this request because it detected that your Worker's code had hung",
  ])("the platform's %j", (text) => {
    expect(failureFromError(new Error(text), PLAIN)).toMatchObject(inconclusive);
  });

  it.each([
    ["ENOTFOUND", "getaddrinfo ENOTFOUND emfile.example", CAUSES.unknownHost],
    ["ECONNREFUSED", "connect ECONNREFUSED too-many-open-files.example", CAUSES.refused],
    [
      "ERR_TLS_CERT_ALTNAME_INVALID",
      "Hostname/IP does not match certificate's altnames: Host: a.example. is not in the cert's altnames: DNS:EPERM, DNS:out of memory",
      CAUSES.tls,
    ],
  ])("but not what a target may have written beside the code %s", (code, text, words) => {
    const error = Object.assign(new Error(text), { code });
    const failure = failureFromError(error, { handshaking: code.startsWith("ERR_TLS"), answered: false });
    expect(failure).toMatchObject({ verdict: "fail", message: words });
  });

  it("a mistake of the program", () => {
    const mistake = new TypeError("Cannot read properties of undefined (reading 'port')");
    expect(failureFromError(mistake, PLAIN)).toMatchObject({
      ...inconclusive,
      message: `the check itself failed: a mistake in this program: ${mistake.message}`,
    });
    expect(failureFromError(new RangeError("Invalid typed array length: -1"), PLAIN)).toMatchObject(inconclusive);
  });

  it("but an error of the network that has the class of a mistake is one of the network", () => {
    expect(failureFromError(new TypeError("fetch failed: ECONNREFUSED"), PLAIN)).toMatchObject({ verdict: "fail" });
  });
});
