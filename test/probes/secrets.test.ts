/** A secret reaches the server that it is meant for, and nothing that a probe says. */
import { describe, expect, inject, it } from "vitest";
import type { Check } from "../../src/core/check.ts";
import type { HealthOptions } from "../../src/core/options.ts";
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
    const encoded = encodeURIComponent(secret);
    const inPath = await http(secret, `/echo-url/${NAME}?token=${NAME}`, { body_contains: `token=${encoded}` });
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
    const away = await http(secret, redirect(302, `${ELSEWHERE}/echo`), { headers, body_not_contains: secret });
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
    expect((await http(secret, redirect(307, "/echo"), { ...options, body_contains: secret })).error).toBeNull();
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
