import { describe, expect, test } from "vitest";
import { checkHub } from "../../../src/cli/deploy/check-hub.ts";

const URL = "https://hub.example";
const KEY = "hub_secret-key";
const PROJECT = "deploy-check-abc";
const HEALTH = { status: "pass", version: "1.0.0", serviceId: "hub-1", checks: {} };
const WITHOUT_ERROR = { latency_ms: 12, version: null, error: null };

type Answer = () => Response;
const json = (status: number, body: object, headers = {}): Answer => {
  return () => Response.json(body, { status, headers });
};
const problem = (status: number, detail: string, errors: object[] = []) => json(status, { detail, errors });
const unreachable: Answer = () => {
  throw new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") });
};
const service = (health_status: string, error: string | null, last_health_check: string | null = "2026-01-01") =>
  json(200, { id: 7, health_status, last_health_check, health_details: { ...WITHOUT_ERROR, error } });

const HUB: Record<string, Answer> = {
  "GET /health": json(200, HEALTH),
  "POST /api/projects": json(201, { id: 3 }),
  "POST /api/services": json(201, { id: 7 }),
  "GET /api/services/7": service("up", null),
  "DELETE /api/services/7": () => new Response(null, { status: 204 }),
  "DELETE /api/projects/3": () => new Response(null, { status: 204 }),
};

/** Runs a check against a hub that answers as `HUB` with these changes. Each look at the clock takes five seconds. */
async function run(changes: Record<string, Answer> = {}, interrupted = new AbortController().signal) {
  const asked: { what: string; key: string | null; init: RequestInit | undefined }[] = [];
  const lines: string[] = [];
  let now = 0;
  const io = {
    url: URL,
    key: KEY,
    interrupted,
    out: (line: string) => lines.push(line),
    now: () => {
      now += 5_000;
      return now;
    },
    wait: async (_ms: number, signal?: AbortSignal) => signal?.throwIfAborted(),
    fetch: async (input: RequestInfo | globalThis.URL, init?: RequestInit) => {
      const path = String(input).replace(URL, "");
      const what = `${init?.method ?? "GET"} ${path}`;
      asked.push({ what, key: new Headers(init?.headers).get("authorization"), init });
      const answer = { ...HUB, ...changes }[what];
      if (answer === undefined) throw new Error(`nobody answers ${what}`);
      return answer();
    },
  };
  const error = await checkHub(io, "abc").then(
    () => null,
    (reason: Error) => reason.message,
  );
  return { asked, error, text: lines.join("\n"), requests: asked.map(({ what }) => what) };
}

describe("a check of a deployed hub", () => {
  test("registers the hub at itself, waits until it is up and deletes all of it", async () => {
    const { asked, error, text, requests } = await run();
    expect(error).toBeNull();
    expect(requests).toEqual([
      "GET /health",
      "POST /api/projects",
      "POST /api/services",
      "GET /api/services/7",
      "DELETE /api/services/7",
      "DELETE /api/projects/3",
    ]);
    expect(JSON.parse(String(asked[2]?.init?.body))).toMatchObject({
      project: PROJECT,
      health_method: "http",
      health_url: `${URL}/health`,
      health_interval: 5,
    });
    expect(text).toContain("up: the hub reaches itself in 12 ms (");
    expect(text).toMatch(/The hub works.*$/);
  });

  test("sends the key to a hub only, follows no redirect and has a time limit for each request", async () => {
    const { asked } = await run();
    expect(asked.map(({ key }) => key)).toEqual([null, ...Array(5).fill(`Bearer ${KEY}`)]);
    expect(asked.every(({ init }) => init?.redirect === "manual" && init.signal instanceof AbortSignal)).toBe(true);
  });

  test.each<[string, Record<string, Answer>, string]>([
    ["does not answer", { "GET /health": unreachable }, "(connect ECONNREFUSED); is the URL right"],
    ["is no hub", { "GET /health": () => new Response("<html>") }, "not as a hub does; is the URL right?"],
    [
      "redirects",
      { "GET /health": () => new Response(null, { status: 301, headers: { location: "https://other.example/" } }) },
      "it redirects to https://other.example/; give the URL of the hub itself",
    ],
    [
      "says that it does not work",
      {
        "GET /health": json(503, {
          ...HEALTH,
          status: "fail",
          checks: { "database:responseTime": [{ status: "fail", output: "the database does not answer" }] },
        }),
      },
      "database:responseTime fail (the database does not answer)",
    ],
    ["does not know the key", { "POST /api/projects": problem(401, "the key is not valid") }, "set HUB_KEY to a key"],
    [
      "refuses the scope",
      { "POST /api/projects": problem(403, "this needs the scope write") },
      "make a key of the scope",
    ],
  ])("makes nothing when the hub %s", async (_how, changes, message) => {
    const { error, requests } = await run(changes);
    expect(error).toContain(message);
    expect(requests.filter((what) => !/^GET \/health|^POST \/api\/projects/.test(what))).toEqual([]);
  });

  test("deletes the project when the hub refuses its own address", async () => {
    const errors = [{ path: "health_url", message: "127.0.0.1 is refused" }];
    const { error, requests } = await run({ "POST /api/services": problem(400, "127.0.0.1 is refused", errors) });
    expect(error).toContain("the hub refuses to check its own address: 127.0.0.1 is refused; give its public address");
    expect(requests.slice(3)).toEqual(["DELETE /api/projects/3"]);
  });

  test("looks for a project whose making got no answer, and deletes it", async () => {
    const { error, requests } = await run({
      "POST /api/projects": unreachable,
      [`GET /api/projects?q=${PROJECT}`]: json(200, {
        projects: [
          { id: 1, name: `${PROJECT}-2` },
          { id: 3, name: PROJECT },
        ],
      }),
    });
    expect(error).toContain("project: the hub does not answer");
    expect(requests.at(-1)).toBe("DELETE /api/projects/3");
  });

  test("says why the service is not up in time, and deletes it", async () => {
    const down = await run({ "GET /api/services/7": service("down", "error 1042") });
    expect(down.error).toMatch(/up: not up after 90 s: down: error 1042\n.*global_fetch_strictly_public/);
    expect(down.requests.slice(-2)).toEqual(["DELETE /api/services/7", "DELETE /api/projects/3"]);
    const never = await run({ "GET /api/services/7": service("unknown", null, null) });
    expect(never.error).toMatch(/not checked yet\n.*cron/);
  });

  test("goes on when a look at the service fails once", async () => {
    const answers = [problem(503, "busy"), service("up", null)];
    const { error } = await run({ "GET /api/services/7": () => (answers.shift() ?? unreachable)() });
    expect(error).toBeNull();
  });

  test("tries to delete again, and says what may be left", async () => {
    const answers = [problem(503, "busy"), problem(404, "no such service")];
    const second = await run({ "DELETE /api/services/7": () => (answers.shift() ?? unreachable)() });
    expect(second.error).toBeNull();
    const { error } = await run({ "DELETE /api/projects/3": problem(503, "busy") });
    expect(error).toContain(`The project ${PROJECT} may be left on the hub`);
  });

  test("that is interrupted deletes what it made", async () => {
    const controller = new AbortController();
    const made = () => {
      controller.abort();
      return Response.json({ id: 7 }, { status: 201 });
    };
    const { error, requests } = await run({ "POST /api/services": made }, controller.signal);
    expect(error).toBe("up: interrupted");
    expect(requests.slice(-2)).toEqual(["DELETE /api/services/7", "DELETE /api/projects/3"]);
  });

  test("never shows the key, whatever the hub says", async () => {
    const { error, text } = await run({
      "GET /health": json(200, { ...HEALTH, version: KEY }),
      "POST /api/projects": problem(400, `your key is ${KEY}\u001b[2J`),
    });
    expect(`${error}${text}`).toContain("(key)");
    expect(`${error}${text}`).not.toContain(KEY);
    expect(`${error}${text}`).not.toContain("\u001b");
  });
});
