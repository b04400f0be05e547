import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { createApp } from "../../src/http/app.ts";
import { Problem, toProblem } from "../../src/http/problem.ts";
import { testHub } from "./test-hub.ts";

const hub = await testHub();
const MAX = 256 * 1_024;
afterEach(() => vi.restoreAllMocks());

describe("errors are problems", () => {
  test.each<[string, string, string, string, BodyInit | undefined, number]>([
    ["bad JSON", "POST", "/api/projects", "application/json", "{", 400],
    ["no body", "POST", "/api/projects", "application/json", undefined, 400],
    ["a body that is no object", "POST", "/api/projects", "application/json", "7", 400],
    ["bytes that are no UTF-8", "POST", "/api/projects", "application/json", new Uint8Array([0xff, 0xfe]), 400],
    ["a form", "POST", "/api/projects", "application/x-www-form-urlencoded", "name=x", 415],
    ["plain text", "PATCH", "/api/services/1", "text/plain", "{}", 415],
    ["an unknown address", "GET", "/api/nothing", "text/plain", undefined, 404],
    ["an unknown address below a known one", "GET", "/api/services/1/x", "text/plain", undefined, 404],
    [
      "deep JSON",
      "POST",
      "/api/projects",
      "application/json",
      `{"name":"a","metadata":{"a":${"[".repeat(90_000)}${"]".repeat(90_000)}}}`,
      400,
    ],
    ["a large body", "POST", "/api/projects", "application/json", `"${"x".repeat(MAX)}"`, 413],
  ])("for %s", async (_, method, path, type, body, status) => {
    const headers = { authorization: "Bearer test-admin-token-0000", "content-type": type };
    const app = createApp(() => hub.context);
    const response = await app.request(path, { method, headers, ...(body === undefined ? {} : { body }) });
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toEqual({
      type: "about:blank",
      title: expect.any(String),
      status,
      detail: expect.any(String),
      ...(response.status === 400 ? { errors: expect.anything() } : {}),
    });
  });

  test("for a large body that does not say how large it is", async () => {
    const chunk = new TextEncoder().encode("x".repeat(64 * 1_024));
    const stream = new ReadableStream({
      start(controller) {
        for (let sent = 0; sent <= MAX; sent += chunk.length) controller.enqueue(chunk);
        controller.close();
      },
    });
    expect((await hub.send("POST", "/api/projects", "application/json", stream)).status).toBe(413);
  });

  test("a body of the largest size is read, with or without its length", async () => {
    const body = (name: string) => JSON.stringify({ name }).padEnd(MAX);
    expect((await hub.send("POST", "/api/projects", "application/json", body("whole"))).status).toBe(201);
    const stream = new Blob([body("chunked")]).stream();
    expect((await hub.send("POST", "/api/projects", "application/json", stream)).status).toBe(201);
  });

  test("nothing of a body is read for a caller without a key", async () => {
    const response = await hub.request("POST", "/api/projects", "x".repeat(MAX + 1), { key: null });
    expect(response.status).toBe(401);
  });

  test("a method that does not apply is 405 with those that do", async () => {
    const response = await hub.request("PUT", "/api/services/1", {});
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")?.split(", ").sort()).toEqual(["DELETE", "GET", "HEAD", "PATCH"]);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
  });

  test("HEAD is answered like GET, without a body", async () => {
    const response = await hub.request("HEAD", "/api/projects");
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("");
  });

  test("a failing hub is a 500 that says nothing of the inside and is logged", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const broken = await testHub({}, { summary: () => Promise.reject(new Error("inner detail")) });
    const response = await broken.request("GET", "/api/summary");
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("inner detail");
    expect(String(logged.mock.calls[0]?.[0])).toContain("inner detail");
  });

  test("a database that is away is a 503 that says when to come back", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const away = await testHub();
    await env.DB.exec("ALTER TABLE projects RENAME TO projects_away");
    const read = await away.request("GET", "/api/projects");
    const write = await away.request("POST", "/api/projects", { name: "shop" });
    await env.DB.exec("ALTER TABLE projects_away RENAME TO projects");
    for (const response of [read, write]) {
      expect(response.status).toBe(503);
      expect(response.headers.get("retry-after")).toBe("5");
      expect(await response.text()).not.toContain("no such table");
    }
    expect(toProblem(new Error("D1_ERROR: Network connection lost.")).status).toBe(503);
    logged.mockRestore();
  });

  test("a row that came or went meanwhile is a conflict", () => {
    const failed = new Error("query failed", { cause: new Error("D1_ERROR: FOREIGN KEY constraint failed") });
    expect(toProblem(failed).status).toBe(409);
    expect(toProblem(new Problem(404, "x")).status).toBe(404);
  });

  test("every answer forbids sniffing, framing and scripts", async () => {
    const { headers } = await hub.request("GET", "/api/projects");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("content-security-policy")).toContain("default-src 'none'");
  });
});
