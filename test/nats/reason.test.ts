import { expect, it } from "vitest";
import { type NatsFailure, natsReason, refusalReason, withoutCredentials } from "../../src/nats/reason.ts";

const failure = (over: Partial<NatsFailure>): NatsFailure => ({
  code: "",
  message: "",
  jetstreamError: null,
  refusedSubject: null,
  answersHttp: null,
  ...over,
});

it.each<[string, Partial<NatsFailure>, RegExp]>([
  [
    "a wrong password",
    { code: "AUTHORIZATION_VIOLATION", message: "'Authorization Violation'" },
    /refuses the hub: check/,
  ],
  ["expired credentials", { message: "User Authentication Expired" }, /refuses the hub: check/],
  ["credentials that made the relay hang up", { message: "connection lost", answersHttp: true }, /answers, but closes/],
  [
    "a server that is no relay",
    { message: "expected server to reply with HTTP status code 101, but received 404 instead.", answersHttp: true },
    /takes no WebSockets of NATS: check NATS_URL/,
  ],
  ["a relay that is not there", { message: "connection lost", answersHttp: false }, /can't reach the relay at ws:/],
  ["a broken creds file", { code: "BAD_CREDS", message: "BAD_CREDS" }, /^NATS_CREDS is not/],
  [
    "a missing permission",
    { code: "TIMEOUT", refusedSubject: "hub.a.health.b" },
    /does not let the hub use hub\.a\.health\.b/,
  ],
  ["no JetStream", { code: "503", message: "503" }, /^no JetStream answers for the stream HUB_EVENTS/],
  [
    "a full stream",
    { code: "503", jetstreamError: "maximum bytes exceeded" },
    /is full: maximum bytes exceeded; raise/,
  ],
  [
    "another stream in the way",
    { jetstreamError: "expected stream does not match" },
    /^another stream than HUB_EVENTS/,
  ],
  [
    "any other refusal",
    { jetstreamError: "no message found" },
    /^JetStream refuses the hub's events: no message found/,
  ],
  ["a message that is too large", { code: "MAX_PAYLOAD_EXCEEDED" }, /raise max_payload/],
  ["a core that does not answer", { code: "TIMEOUT" }, /did not answer in time/],
])("%s is explained in words that help", (_, given, expected) => {
  expect(natsReason(failure(given), "ws://relay:1")).toMatch(expected);
});

it.each<[string, Partial<NatsFailure>, RegExp]>([
  ["that no stream has", { code: "503", message: "503" }, /^no stream takes this subject: HUB_EVENTS lacks it/],
  ["that nothing acknowledges", { code: "TIMEOUT" }, /^nothing acknowledges this subject: does HUB_EVENTS have it/],
  ["that the user may not use", { refusedSubject: "hub.a.health.b" }, /^the relay does not let the hub use hub\.a/],
  ["whose stream is full", { code: "503", jetstreamError: "maximum bytes exceeded" }, /is full: maximum bytes/],
])("one subject %s is explained as a matter of that subject", (_, given, expected) => {
  expect(refusalReason(failure(given), "ws://relay:1")).toMatch(expected);
});

it("a URL loses its user and password", () => {
  expect(withoutCredentials("wss://hub:pass@relay.example:443/nats")).toBe("wss://relay.example/nats");
  expect(withoutCredentials("ws://127.0.0.1:8222")).toBe("ws://127.0.0.1:8222");
});

it("a relay that can't be reached by TLS may have a certificate that does not hold", () => {
  const away = failure({ message: "internal error", answersHttp: false });
  expect(natsReason(away, "wss://relay:1")).toMatch(/is NATS_URL right, and its certificate valid\?$/);
  expect(natsReason(away, "ws://relay:1")).toMatch(/is it running, is NATS_URL right\?$/);
});
