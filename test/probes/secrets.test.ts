/** A secret reaches the server that it is meant for, and nothing that a probe says. */
import { describe, expect, inject, it } from "vitest";
import type { Check } from "../../src/core/service/check.ts";
import type { HealthOptions } from "../../src/core/service/options.ts";
import { runCheck } from "./run-check.ts";

const { faulty, redis, postgres } = inject("servers");
const NAME = "${PROBE_SECRET_S}" as const;
const AT = `http://127.0.0.1:${faulty.http}`;
/** Another origin, the same server. */
const ELSEWHERE = `http://localhost:${faulty.http}`;

/** Each is awkward in one of the places where a secret can turn up. */
const SECRETS = [
  "hunter2-hunter2-hunter2",
  'with "quotes" and \\backslashes\\',
  "a/b?c=d&e#f %41+g",
  "ünïcödé-✓-secret",
  "$& $1 $` ${x}",
  `long-${"0123456789".repeat(20)}`,
];

function check(secret: string, over: Partial<Check>) {
  return runCheck(over, true, { secret: (name) => (name === "PROBE_SECRET_S" ? secret : undefined) });
}
const http = (secret: string, path: string, health_options: HealthOptions = {}, base = AT) =>
  check(secret, { health_url: `${base}${path}`, health_options });
const redirect = (status: number, location: string) =>
  `/answer?${new URLSearchParams({ status: `${status}`, location })}`;
const SAME_LENGTH = ["hunter2-hunter2-hunter2", "xylophones-in-the-attic"];
/** No sixteen characters of it, however they are written. */
function expectHidden(secret: string, found: object) {
  const text = JSON.stringify(found);
  const head = secret.slice(0, 16);
  for (const form of [head, JSON.stringify(head).slice(1, -1), encodeURIComponent(head)])
    expect(text).not.toContain(form);
  expect(text).not.toContain(btoa(String.fromCharCode(...new TextEncoder().encode(`me:${secret}`))));
}

describe.each(SECRETS)("the secret %j", (secret) => {
  it("is in path, query, header, body and login of the request, and not in the observation", async () => {
    const inPath = await http(secret, `/echo-url/${NAME}?token=${NAME}`, { body_contains: `token=${NAME}` });
    expect(inPath.error).toBeNull();
    const echoed: HealthOptions = { method: "POST", body: NAME, json: [{ path: "$.body", op: "==", value: NAME }] };
    expect((await http(secret, "/echo", echoed)).error).toBeNull();
    const basic = await http(secret, "/echo", { body_contains: "no such text" }, AT.replace("//", `//me:${NAME}@`));
    expectHidden(secret, basic);
  });

  it.each<[string, HealthOptions]>([
    ["what should be there", { body_contains: NAME }],
    ["what the answer says is wrong", { json: [{ path: "$.status", op: "==", value: NAME }] }],
  ])("is not told by %s", async (_what, options) => {
    const found = await http(
      secret,
      `/answer?type=application/json&body=${encodeURIComponent('{"status":"x"}')}`,
      options,
    );
    expect(found.verdict).toBe("fail");
    expectHidden(secret, found);
  });

  it("is not told when the service repeats it, as output, version or status", async () => {
    const body = JSON.stringify({ status: "fail", output: `bad token ${secret}`, version: secret });
    const options = { method: "POST" as const, body: NAME };
    const repeated = `/answer?type=application/json&status=503&body=${encodeURIComponent(body)}`;
    const failed = await http(secret, repeated, options);
    expect(failed.error).toContain(NAME);
    expectHidden(secret, failed);
    expectHidden(secret, await http(secret, repeated, { ...options, expected_status: [503] }));
    const up = `/answer?type=application/json&body=${encodeURIComponent(JSON.stringify({ status: "up", version: secret }))}`;
    const passed = await http(secret, up, options);
    expect(passed.details.version).toContain(NAME);
    expectHidden(secret, passed);
  });

  it("is not told by a login that fails", async () => {
    for (const found of [
      await check(secret, {
        health_method: "redis",
        health_url: `redis://127.0.0.1:${redis.locked}`,
        health_options: { password: NAME },
      }),
      await check(secret, { health_method: "redis", health_url: `redis://:${NAME}@127.0.0.1:${redis.open}` }),
      await check(secret, {
        health_method: "postgres",
        health_url: `postgres://scram:${NAME}@127.0.0.1:${postgres.accepting}/postgres`,
      }),
      await check(secret, {
        health_method: "tcp",
        health_url: `127.0.0.1:${faulty.greeting}`,
        health_options: { send: `AUTH ${NAME}\n`, expect: `OK ${NAME}` },
        health_timeout: 1,
      }),
    ]) {
      expect(found.verdict).toBe("fail");
      expectHidden(secret, found);
    }
  });
});

describe("a redirect to another origin", () => {
  const secret = "hunter2-hunter2-hunter2";
  const headers = { authorization: `Bearer ${NAME}`, "x-my-key": NAME, "x-plain": "plain" };

  it("takes no header along that carries a secret", async () => {
    const away = await http(secret, redirect(302, `${ELSEWHERE}/echo`), { headers, body_not_contains: NAME });
    expect(away.error).toBeNull();
    const plain = await http(secret, redirect(302, `${ELSEWHERE}/echo`), { headers, body_contains: "x-plain" });
    expect(plain.error).toBeNull();
    const home = await http(secret, redirect(302, "/echo"), {
      headers,
      json: [{ path: '$.headers["x-my-key"]', op: "==", value: NAME }],
    });
    expect(home.error).toBeNull();
  });

  it("is refused when a body with a secret would have to go along", async () => {
    const options: HealthOptions = { method: "POST", body: `key=${NAME}` };
    const refused = await http(secret, redirect(307, `${ELSEWHERE}/echo`), options);
    expect(refused.error).toMatch(/^http: refused redirect: the body holds a secret/);
    expect(
      (await http(secret, redirect(303, `${ELSEWHERE}/echo`), { ...options, body_contains: '"GET"' })).error,
    ).toBeNull();
    expect((await http(secret, redirect(307, "/echo"), { ...options, body_contains: NAME })).error).toBeNull();
  });
});

describe("a redirect whose address holds the secret", () => {
  const secret = "hunter2/hunter2+hunter2";
  const double = encodeURIComponent(encodeURIComponent(secret));
  it.each([
    `${ELSEWHERE}/echo?key=${encodeURIComponent(secret)}`,
    `${ELSEWHERE}/echo/${double}/more`,
    `${ELSEWHERE}/${btoa(`key=${secret}`)}`,
    `${ELSEWHERE}/#${secret}`,
    `http://me:${encodeURIComponent(secret)}@localhost:${faulty.http}/echo`,
    `http://${[..."hunter2/hunter2+hunter2"].map((sign) => sign.charCodeAt(0).toString(16)).join("")}.localhost:${faulty.http}/`,
  ])("to another origin is refused, and does not tell it: %s", async (location) => {
    const found = await http(secret, redirect(302, location), { headers: { "x-key": NAME } });
    expect(found).toMatchObject({ verdict: "fail" });
    expect(found.error).toMatch(/^http: refused redirect: its address holds a secret, which is not sent on to http:/);
    expectHidden(secret, found);
  });

  it("within its origin is followed", async () => {
    const location = `/echo-url/${encodeURIComponent(secret)}`;
    const found = await http(secret, redirect(302, location), { headers: { "x-key": NAME }, body_contains: NAME });
    expect(found.error).toBeNull();
  });
});

describe("comparing what a server repeats finds nothing out", () => {
  const guesses = ["h", "hunter2", "hunter2-hunter", "x", "gz", "hz", "z", "~"];
  const body = `{"key":"${NAME}"}`;
  type Ask = (secret: string, guess: string) => Promise<{ verdict: string; error: string | null }>;
  /** Whatever is guessed, the answer is the same for a secret of which the guess is a part and for another one. */
  async function expectNothingLearnt(ask: Ask) {
    for (const guess of guesses) {
      const [one, other] = await Promise.all(SAME_LENGTH.map((secret) => ask(secret, guess)));
      expect([guess, one?.verdict, one?.error]).toEqual([guess, other?.verdict, other?.error]);
    }
  }

  it.each<[string, (guess: string) => HealthOptions]>([
    [">=", (value) => ({ json: [{ path: "$.output", op: ">=", value }] })],
    ["<", (value) => ({ json: [{ path: "$.output", op: "<", value }] })],
    ["contains", (value) => ({ json: [{ path: "$.output", op: "contains", value: `\\"${value}` }] })],
    ["a filter", (value) => ({ json: [{ path: `$[?@ >= '${value}']`, op: "exists" }] })],
    ["text that must be there", (value) => ({ body_contains: `:\\"${value}` })],
    ["text that must not be there", (value) => ({ body_not_contains: `key\\":\\"${value}` })],
  ])("by %s in a document", async (_what, options) => {
    const asked: HealthOptions = { method: "POST", body };
    await expectNothingLearnt((secret, guess) => http(secret, "/echo-json", { ...asked, ...options(guess) }));
  });

  it("by a key of a document", async () => {
    const answer = (secret: string) =>
      `/answer?type=application/json&body=${encodeURIComponent(JSON.stringify({ [secret]: { [secret]: 1 } }))}`;
    const path = (guess: string) => `$[?@["${guess}"]]`;
    await expectNothingLearnt((secret, guess) =>
      http(secret, answer(secret), { headers: { "x-key": NAME }, json: [{ path: path(guess), op: "exists" }] }),
    );
  });

  it("by a number", async () => {
    const answer = `/answer?type=application/json&body=${encodeURIComponent('{"pin":123456}')}`;
    for (const value of [0, 123_455, 123_457, 200_000]) {
      const options: HealthOptions = { headers: { "x-key": NAME }, json: [{ path: "$.pin", op: ">=", value }] };
      expect(await http("123456", answer, options)).toMatchObject({
        error: `http: $.pin is "${NAME}", expected >= ${value}`,
      });
    }
  });

  it("by what a raw connection answers, whatever it is told", async () => {
    await expectNothingLearnt((secret, guess) =>
      check(secret, {
        health_method: "tcp",
        health_url: `127.0.0.1:${faulty.greeting}`,
        health_options: { send: `AUTH ${NAME}\n`, expect: `AUTH ${guess}` },
        health_timeout: 1,
      }),
    );
  });

  it("by a query of a database, which is not asked at all", async () => {
    const url = `postgres://scram:${NAME}@127.0.0.1:${postgres.accepting}/postgres`;
    for (const over of [
      { health_url: url, health_options: { query: `SELECT 1/(CASE WHEN '${NAME}' >= 'h' THEN 1 ELSE 0 END)` } },
      { health_url: url, health_options: { query: "SELECT current_user", user: NAME } },
      { health_url: url.replace("/postgres", `/${NAME}`), health_options: { query: "SELECT current_database()" } },
    ]) {
      const found = await check("hunter2", { health_method: "postgres", ...over });
      expect(found).toMatchObject({ verdict: "unprobeable", latency_ms: null });
      expect(found.error).toContain("only the password may be a secret");
    }
  });

  it("and what is compared with the secret itself is compared by its name", async () => {
    const asked: HealthOptions = { method: "POST", body };
    const path = "$.output";
    for (const options of [{ body_contains: NAME }, { json: [{ path, op: "contains" as const, value: NAME }] }]) {
      const found = await http("hunter2", "/echo-json", { ...asked, ...options });
      expect(found.error).toMatch(/^the service reports fail/); // what it is asked, it fulfils
    }
    const tcp = {
      health_method: "tcp" as const,
      health_url: `127.0.0.1:${faulty.greeting}`,
      health_options: { send: `AUTH ${NAME}\n`, expect: `AUTH ${NAME}\n` },
    };
    expect((await check("hunter2", tcp)).error).toBeNull();
  });
});

describe("a text that is cut", () => {
  it("has lost its secrets before", async () => {
    const secret = "hunter2-hunter2-hunter2";
    const told = JSON.stringify({
      status: "up",
      key: `${"x".repeat(48)}${secret}`,
      version: `${"v".repeat(58)}${secret}`,
    });
    const answer = `/answer?type=application/json&body=${encodeURIComponent(told)}`;
    const headers = { "x-key": NAME };
    const wrong = await http(secret, answer, { headers, json: [{ path: "$.key", op: "==", value: "y" }] });
    expect(wrong.error).toContain("xxx${PROBE_SEC");
    const well = await http(secret, answer, { headers });
    expect(well.details.version).toBe(`${"v".repeat(58)}\${PROB`);
    for (const found of [wrong, well]) expect(JSON.stringify(found)).not.toContain("hunter");
  });

  it("of a body that never ends can be found all the same, once nothing more comes", async () => {
    const found = await http("hunter2", "/stalled?type=text/plain", { headers: { "x-key": NAME }, body_contains: "{" });
    expect(found.error).toBeNull();
    const endless = await http("hunter2", "/endless", { headers: { "x-key": NAME }, body_contains: " " });
    expect(endless.error).toBeNull();
  });
});

it.each<[string, Partial<Check>]>([
  ["header", { health_url: `${AT}/echo`, health_options: { headers: { "x-key": NAME } } }],
  ["path", { health_url: `${AT}/echo-url/$%7BPROBE_SECRET_S%7D` }],
  ["password", { health_method: "redis", health_url: `redis://:${NAME}@127.0.0.1:${redis.open}` }],
])("a secret in a %s is not sent where it may not go, and the check says what to do", async (_, over) => {
  const asked: string[] = [];
  const mayReceive = (secret: string, host: string) => asked.push(`${secret} to ${host}`) === 0;
  const connect = () => {
    throw new Error("connected");
  };
  const found = await runCheck(over, true, { mayReceive, connect, fetch: connect });
  expect(asked).toEqual(["PROBE_SECRET_S to 127.0.0.1"]);
  expect(found).toMatchObject({ verdict: "unprobeable", latency_ms: null });
  expect(found.error).toBe("PROBE_SECRET_S may not be sent to 127.0.0.1: PROBE_SECRET_S_HOSTS must name it");
});
