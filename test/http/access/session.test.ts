import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { oldSessions } from "../../../src/store/access/sessions.ts";
import { openDatabase } from "../../../src/store/database.ts";
import { NOW } from "../../store/fixtures.ts";
import { ADMIN_TOKEN, testHub } from "../test-hub.ts";

const hub = await testHub({ HUB_ID: "hub-one" });
const OWN = { "sec-fetch-site": "same-origin" };
const upgrade = { upgrade: "websocket" };

const ask = (method: string, path: string, headers: Record<string, string>, body?: unknown) =>
  hub.request(method, path, body, { key: null, headers });

async function signIn(key: string): Promise<string> {
  const response = await ask("POST", "/api/session", OWN, { key });
  expect(response.status).toBe(200);
  return response.headers.get("set-cookie")?.split(";")[0] ?? "";
}

describe("signing in", () => {
  test("keeps in a cookie what counts for this session only, and is no key", async () => {
    const cookies = [await signIn(hub.keys.write), await signIn(hub.keys.write), await signIn(ADMIN_TOKEN)];
    const tokens = cookies.map((cookie) => cookie.split("=")[1] ?? "");
    expect(new Set(tokens).size).toBe(3);
    for (const token of tokens) {
      expect(token).toMatch(/^session_[A-Za-z0-9_-]{43}$/);
      const authorization = `Bearer ${token}`;
      expect((await ask("GET", "/api/summary", { authorization })).status).toBe(401);
      expect((await ask("POST", "/api/session", OWN, { key: token })).status).toBe(401);
    }
    const stored = await env.DB.prepare("SELECT * FROM sessions").all();
    expect(tokens.filter((token) => JSON.stringify(stored.results).includes(token))).toEqual([]);
    const name = cookies[0]?.split("=")[0];
    expect((await ask("GET", "/api/summary", { cookie: `${name}=${hub.keys.write}` })).status).toBe(401); // as it was once
  });

  test("sends a cookie that no script and no other site can use", async () => {
    const response = await ask("POST", "/api/session", OWN, { key: hub.keys.write });
    expect(await response.json()).toMatchObject({ signed_in: true, scope: "write", hub: { id: "hub-one" } });
    expect(response.headers.get("set-cookie")).toMatch(/; Path=\/; HttpOnly; SameSite=Strict/);
    expect(response.headers.get("cache-control")).toBe("no-store");
  });

  test("over https asks for a cookie of this host and of https only", async () => {
    const url = "https://hub.example/api/session";
    const response = await hub.request("POST", url, { key: hub.keys.read }, { key: null });
    expect(response.headers.get("set-cookie")).toMatch(/^__Host-hub_session=.*; Secure/);
  });

  test("at two ports of one machine makes two cookies", async () => {
    const names = ["http://localhost:8787", "http://localhost:8788"].map(async (origin) => {
      const response = await hub.request("POST", `${origin}/api/session`, { key: hub.keys.read }, { key: null });
      return response.headers.get("set-cookie")?.split("=")[0];
    });
    expect(new Set(await Promise.all(names)).size).toBe(2);
  });

  test.each([
    ["a wrong key", { key: "hub_nobody" }, OWN, 401],
    ["an agent's key", { key: hub.keys.agent }, OWN, 403],
    ["no key", {}, OWN, 400],
    ["another site's form", { key: hub.keys.read }, { "sec-fetch-site": "cross-site" }, 403],
    ["another origin's script", { key: hub.keys.read }, { origin: "http://localhost:9999" }, 403],
    ["more than a key", { key: "x".repeat(300_000) }, OWN, 413],
  ])("with %s is refused and sets no cookie", async (_, body, headers, status) => {
    const response = await ask("POST", "/api/session", headers as Record<string, string>, body);
    expect(response.status).toBe(status);
    expect(response.headers.has("set-cookie")).toBe(false);
  });
});

describe("who is signed in", () => {
  test("reads, acts from the hub's own pages, and has no more than the key's scope", async () => {
    const cookie = await signIn(hub.keys.write);
    expect((await ask("GET", "/api/summary", { cookie })).status).toBe(200);
    expect((await ask("POST", "/api/projects", { cookie, ...OWN }, { name: "by-cookie" })).status).toBe(201);
    for (const [name, origin] of Object.entries({ plain: "http://localhost", proxied: "https://localhost" })) {
      expect((await ask("POST", "/api/projects", { cookie, origin }, { name })).status).toBe(201);
    }
    expect((await ask("GET", "/api/keys", { cookie })).status).toBe(403);
  });

  test.each([
    ["cross-site", { "sec-fetch-site": "cross-site", origin: "http://evil.example" }],
    ["same-site, another port", { "sec-fetch-site": "same-site", origin: "http://localhost:9999" }],
    ["another origin, old browser", { origin: "http://evil.example" }],
    ["opaque", { origin: "null" }],
    ["without any word of where it comes from", {}],
  ])("does not act through a page that is %s", async (_, headers) => {
    const cookie = await signIn(ADMIN_TOKEN);
    const sent = { cookie, ...(headers as Record<string, string>) };
    expect((await ask("POST", "/api/projects", sent, { name: "forged" })).status).toBe(403);
    expect((await ask("GET", "/ws/health", { ...sent, ...upgrade })).status).toBe(403);
    const { projects } = await hub.call<{ projects: { name: string }[] }>("GET", "/api/projects", 200);
    expect(projects.map(({ name }) => name)).not.toContain("forged");
  });

  test("opens a WebSocket, and the live board does not see the key", async () => {
    const cookie = await signIn(hub.keys.read);
    const response = await ask("GET", "/ws/health", { ...upgrade, cookie, origin: "http://localhost" });
    expect(response.status).toBe(101);
    expect(hub.upgrades.at(-1)?.headers.has("cookie")).toBe(false);
  });

  test("is nobody any more once the key is revoked, and the cookie is taken back", async () => {
    const made = await hub.call<{ id: number; key: string }>("POST", "/api/keys", 201, { name: "x", scope: "read" });
    const cookie = await signIn(made.key);
    await hub.call("DELETE", `/api/keys/${made.id}`, 204);
    expect((await ask("GET", "/api/summary", { cookie })).status).toBe(401);
    const session = await ask("GET", "/api/session", { cookie });
    expect(await session.json()).toMatchObject({ signed_in: false, scope: null });
    expect(session.headers.get("set-cookie")).toContain("Max-Age=0");
  });

  test("is nobody any more once the admin token is another one, or the time is over", async () => {
    const cookie = await signIn(ADMIN_TOKEN);
    expect((await ask("GET", "/api/keys", { cookie })).status).toBe(200);
    await env.DB.prepare("UPDATE sessions SET admin = 'another token' WHERE key_id IS NULL").run();
    expect((await ask("GET", "/api/keys", { cookie })).status).toBe(401);
    const later = await signIn(hub.keys.read);
    await env.DB.prepare("UPDATE sessions SET expires_at = ?").bind(NOW).run();
    expect((await ask("GET", "/api/summary", { cookie: later })).status).toBe(401);
    await openDatabase(env.DB).run(oldSessions(NOW, 100));
    expect((await env.DB.prepare("SELECT * FROM sessions").all()).results).toEqual([]);
  });

  test("signs out here, or everywhere where the same key was used", async () => {
    const [one, two, other] = [await signIn(hub.keys.write), await signIn(hub.keys.write), await signIn(hub.keys.read)];
    const admins = [await signIn(ADMIN_TOKEN), await signIn(ADMIN_TOKEN)];
    const statuses = async () =>
      await Promise.all(
        [one, two, other, ...admins].map(async (cookie) => (await ask("GET", "/api/summary", { cookie })).status),
      );
    await ask("DELETE", "/api/session", { cookie: one, ...OWN });
    expect(await statuses()).toEqual([401, 200, 200, 200, 200]);
    const again = await signIn(hub.keys.write);
    await ask("DELETE", "/api/session?everywhere=true", { cookie: again, ...OWN });
    expect(await statuses()).toEqual([401, 401, 200, 200, 200]);
    await ask("DELETE", "/api/session?everywhere=true", { cookie: admins[0] ?? "", ...OWN });
    expect(await statuses()).toEqual([401, 401, 200, 401, 401]);
  });

  test("has at most fifty sessions of one key: the oldest end", async () => {
    const first = await signIn(hub.keys.read);
    await env.DB.prepare("UPDATE sessions SET created_at = created_at - 1").run();
    for (let n = 0; n < 50; n++) await signIn(hub.keys.read);
    expect((await ask("GET", "/api/summary", { cookie: first })).status).toBe(401);
  });

  test("signs out from the hub's own pages only", async () => {
    const cookie = await signIn(hub.keys.read);
    expect((await ask("DELETE", "/api/session", { cookie, "sec-fetch-site": "cross-site" })).status).toBe(403);
    const response = await ask("DELETE", "/api/session", { cookie, ...OWN });
    expect(response.status).toBe(204);
    expect(response.headers.get("set-cookie")).toContain("Max-Age=0");
  });
});

test("where reading is public, nobody signed in may read", async () => {
  const open = await testHub({ PUBLIC_READ: "true" });
  const response = await open.request("GET", "/api/session", undefined, { key: null });
  expect(await response.json()).toMatchObject({ signed_in: false, scope: "read", public_read: true });
});

test("the header wins over the cookie", async () => {
  const cookie = await signIn(hub.keys.read);
  const authorization = "Bearer hub_nobody";
  expect((await ask("GET", "/api/summary", { cookie, authorization })).status).toBe(401);
});
