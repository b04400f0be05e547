import { describe, expect, test } from "vitest";
import { serviceSchema } from "../../../src/core/service/registration.ts";
import { metadataSchema } from "../../../src/core/service/service-definition.ts";
import { parseManifest, parsePatch, parseService } from "../../../src/core/service/service-rules.ts";
import { fieldErrors } from "../../../src/core/values/fields.ts";
import { aBody, aRow } from "../rows.ts";

const anywhere = { allowPrivate: true, mayReceive: () => true };
const publicOnly = { allowPrivate: false, mayReceive: () => true };

function errorsOf(body: unknown): { path: string; message: string }[] {
  const result = serviceSchema.safeParse(body);
  return result.success ? [] : fieldErrors(result.error);
}

describe("the fields of a service", () => {
  test.each<[string, object, string]>([
    ["a name in capitals", { name: "API" }, "name"],
    ["a name with a dot", { name: "a.b" }, "name"],
    ["a name of 64 characters", { name: "a".repeat(64) }, "name"],
    ["an interval below 5", { health_interval: 4 }, "health_interval"],
    ["an interval above a day", { health_interval: 86_401 }, "health_interval"],
    ["an interval that is no whole number", { health_interval: 5.5 }, "health_interval"],
    ["a timeout below 1", { health_timeout: 0 }, "health_timeout"],
    ["11 retries", { health_retries: 11 }, "health_retries"],
    ["an unknown method", { health_method: "ftp" }, "health_method"],
    ["port 0", { port: 0 }, "port"],
    ["51 tags", { tags: Array(51).fill("a") }, "tags"],
    ["a tag of 65 characters", { tags: ["a".repeat(65)] }, "tags[0]"],
    ["a control character", { version: "1\u0000" }, "version"],
    ["a lone surrogate", { capabilities: ["ok", "\ud800"] }, "capabilities[1]"],
    ["101 dependencies", { depends_on: Array(101).fill("a") }, "depends_on"],
    ["a dependency with three slashes", { depends_on: ["a/b/c/d"] }, "depends_on[0]"],
    ["more than 8 KB of metadata", { metadata: { a: "x".repeat(8_192) } }, "metadata"],
    ["an unknown field", { helth_url: "x" }, "helth_url"],
    ["an unknown option", { health_options: { gracee: 1 } }, "health_options.gracee"],
    ["a falling range", { health_options: { expected_status: ["500-200"] } }, "health_options.expected_status[0]"],
  ])("%s is refused with its path", (_, fields, path) => {
    expect(errorsOf({ ...aBody(), ...fields }).map((error) => error.path)).toEqual([path]);
  });

  test.each([
    ["postgres://app:${PROBE_SECRET_DB}@evil.net/app", {}],
    ["postgres://app:%24%7BPROBE_SECRET_DB%7D@evil.net/app", {}],
    ["postgres://evil.net/app", { password: "${PROBE_SECRET_DB}" }],
  ])("a secret goes nowhere but where it may, however %s names it", (health_url, health_options) => {
    const rules = { ...anywhere, mayReceive: (_secret: string, host: string) => host === "db.example.com" };
    const body = aBody({ health_method: "postgres", health_url, health_options });
    const message = "PROBE_SECRET_DB may not be sent to evil.net: PROBE_SECRET_DB_HOSTS must name it";
    expect(parseService(body, rules)).toEqual({ ok: false, error: [{ path: "health_url", message }] });
    expect(parseService({ ...body, health_url: health_url.replace("evil.net", "db.example.com") }, rules).ok).toBe(
      true,
    );
    expect(parseService({ ...body, agent: "dc-1" }, rules).ok).toBe(true);
  });

  test("a secret is in no query, which could find it out bit by bit", () => {
    const body = aBody({
      health_method: "postgres",
      health_url: "postgres://db.example.com/app",
      health_options: { query: "SELECT '${PROBE_SECRET_DB}'" },
    });
    const message = "a query could find out PROBE_SECRET_DB bit by bit: only the password may be a secret";
    const errors = [expect.objectContaining({ message })];
    expect(parseService(body, anywhere)).toEqual({ ok: false, error: errors });
  });

  test("a timeout is at most a minute where the hub probes, and may be longer for an agent", () => {
    const body = aBody({ health_interval: 300, health_timeout: 61 });
    const error = { path: "health_timeout", message: "expected at most 60 s" };
    expect(parseService(body, anywhere)).toEqual({ ok: false, error: [error] });
    expect(parseService({ ...body, health_timeout: 60 }, anywhere).ok).toBe(true);
    expect(parseService({ ...body, agent: "dc-1" }, anywhere).ok).toBe(true);
  });

  test("a JSONPath that can't be read is refused with its place", () => {
    const json = ["$.ok", "$["].map((path) => ({ path, op: "exists" as const }));
    const parsed = parseService(aBody({ health_options: { json } }), anywhere, "services[3]");
    expect(parsed).toMatchObject({ ok: false, error: [{ path: "services[3].health_options.json[1].path" }] });
  });

  test("names and dependencies at their limits are fine", () => {
    expect(errorsOf(aBody({ name: "0".repeat(63), depends_on: ["a", `${"b".repeat(63)}/c`] }))).toEqual([]);
  });

  test("an input that is no object is an error of the whole", () => {
    expect(errorsOf(null)).toEqual([{ path: "", message: expect.any(String) }]);
  });

  test("metadata of any depth is judged without overflowing the stack", () => {
    const deep = JSON.parse(`{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`);
    expect(metadataSchema.safeParse(deep).success).toBe(false);
  });
});

describe("defaults", () => {
  test("fill in all that is left out", () => {
    expect(parseService(aBody(), publicOnly)).toEqual({
      ok: true,
      value: {
        name: "api",
        service_type: expect.any(String),
        health_method: "http",
        health_url: "https://api.example.com/health",
        health_interval: 30,
        health_timeout: 5,
        health_retries: 3,
        recover_after: 1,
        health_options: {},
        port: 443,
        container_id: null,
        agent: null,
        tags: [],
        capabilities: [],
        metadata: {},
        depends_on: [],
        enabled: true,
      },
    });
  });

  test("keep the timeout below a short interval", () => {
    expect(parseService(aBody({ health_interval: 5 }), publicOnly)).toMatchObject({
      ok: true,
      value: { health_timeout: 4 },
    });
  });
});

describe("rules across fields", () => {
  test.each<[string, object, string]>([
    ["a timeout as long as the interval", { health_interval: 10, health_timeout: 10 }, "health_timeout"],
    ["no target", { health_url: undefined }, "health_url"],
    ["a private target", { health_url: "http://127.0.0.1:80/" }, "health_url"],
    ["a fragment", { health_url: "https://api.example.com/#health" }, "health_url"],
    ["a placeholder that nothing replaces", { health_url: "https://api.example.com/${REGION}" }, "health_url"],
    ["a brace in the path", { health_url: "https://api.example.com/{id}/health" }, "health_url"],
    ["a placeholder in the query", { health_url: "https://api.example.com/?of={{name}}" }, "health_url"],
    ["a password in the target", { health_url: "https://u:secret@api.example.com/" }, "health_url"],
    ["an option of another method", { health_options: { grace: 1 } }, "health_options.grace"],
    ["exec without an agent", { health_method: "exec", health_options: { command: "check-disk" } }, "agent"],
    ["exec without a command", { health_method: "exec", agent: "a" }, "health_options.command"],
    [
      "a credential in a header",
      { health_options: { headers: { Authorization: "Bearer abc" } } },
      "health_options.headers.Authorization",
    ],
    ["a line break in a header", { health_options: { headers: { "x-a": "a\nb" } } }, "health_options.headers.x-a"],
  ])("%s is refused", (_, fields, path) => {
    const parsed = parseService({ ...aBody(), ...fields }, publicOnly);
    expect(parsed.ok ? [] : parsed.error.map((error) => error.path)).toEqual([path]);
  });

  test.each<[string, object]>([
    [
      "a heartbeat without a target",
      { health_method: "heartbeat", health_url: undefined, health_options: { grace: 5 } },
    ],
    ["braces in the query", { health_url: "https://api.example.com/api?query=up{job='a'}" }],
    ["a private target of an agent", { agent: "a", health_url: "http://10.0.0.7:8080" }],
    ["exec with agent and command", { health_method: "exec", agent: "a", health_options: { command: "check-disk" } }],
    ["a secret by its name", { health_options: { headers: { authorization: "Bearer ${PROBE_SECRET_API}" } } }],
  ])("%s is fine", (_, fields) => {
    expect(parseService({ ...aBody(), ...fields }, publicOnly)).toMatchObject({ ok: true });
  });

  test("private targets are fine when they are allowed", () => {
    expect(parseService(aBody({ health_url: "http://127.0.0.1/" }), anywhere).ok).toBe(true);
  });

  test("a message never repeats a credential", () => {
    const parsed = parseService(
      aBody({ health_url: "https://u:hunter2@a.example.com/", health_options: { headers: { cookie: "hunter2" } } }),
      publicOnly,
    );
    expect(JSON.stringify(parsed)).not.toContain("hunter2");
  });
});

describe("a patch", () => {
  test("is laid over the row and judged as a whole", () => {
    const row = aRow({ health_interval: 60, health_timeout: 20 });
    expect(parsePatch(row, { health_interval: 10 }, publicOnly)).toMatchObject({
      ok: false,
      error: [{ path: "health_timeout" }],
    });
    expect(parsePatch(row, { health_interval: 30, tags: undefined }, publicOnly)).toMatchObject({
      ok: true,
      value: { health_interval: 30, health_timeout: 20, name: "api", tags: [] },
    });
  });

  test("of the target takes a guessed port along, and leaves a given one", () => {
    const move = { health_url: "https://api.example.com:8443/" };
    expect(parsePatch(aRow({ port: 443 }), move, publicOnly)).toMatchObject({ value: { port: 8443 } });
    expect(parsePatch(aRow({ port: 9000 }), move, publicOnly)).toMatchObject({ value: { port: 9000 } });
    expect(parsePatch(aRow({ port: 443 }), { tags: ["a"] }, publicOnly)).toMatchObject({ value: { port: 443 } });
  });

  test("leaves the version to the probes unless it names one", () => {
    expect(parsePatch(aRow({ version: "1.0" }), { tags: ["a"] }, publicOnly)).not.toHaveProperty("value.version");
    expect(parsePatch(aRow(), { version: "2.0" }, publicOnly)).toMatchObject({ value: { version: "2.0" } });
  });
});

describe("a manifest", () => {
  test("names every wrong field of every service at once", () => {
    const parsed = parseManifest(
      {
        services: [
          aBody({ name: "a" }),
          { ...aBody({ name: "b" }), health_interval: 1, nope: true },
          aBody({ name: "c", health_url: "http://10.0.0.1/" }),
          aBody({ name: "a" }),
          7,
        ],
        extra: 1,
      },
      publicOnly,
    );
    expect(parsed.ok ? [] : parsed.error.map((error) => error.path).sort()).toEqual([
      "extra",
      "services[1].health_interval",
      "services[1].nope",
      "services[2].health_url",
      "services[3].name",
      "services[4]",
    ]);
  });

  test.each([[null], [[]], [{}], [{ services: {} }], ["text"]])("%j is refused", (body) => {
    expect(parseManifest(body, publicOnly).ok).toBe(false);
  });

  test("gives services with their defaults", () => {
    expect(parseManifest({ services: [aBody()] }, publicOnly)).toMatchObject({
      ok: true,
      value: [{ health_retries: 3 }],
    });
  });
});
