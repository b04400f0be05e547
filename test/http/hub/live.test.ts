import { beforeAll, describe, expect, test } from "vitest";
import { ADMIN_TOKEN, testHub } from "../test-hub.ts";

const hub = await testHub();
const upgrade = { upgrade: "websocket" };

async function open(path: string, headers: Record<string, string>) {
  return await hub.request("GET", path, undefined, { key: null, headers: { ...upgrade, ...headers } });
}

describe("a WebSocket", () => {
  test.each([
    ["in the Authorization header", () => ({ authorization: `Bearer ${hub.keys.read}` })],
    ["as a sub-protocol", () => ({ "sec-websocket-protocol": `hub.v1, bearer.${hub.keys.read}` })],
  ])("opens with a key %s, which the live board never sees", async (_, headers) => {
    const response = await open("/ws/health?project=1&since=5", headers());
    expect(response.status).toBe(101);
    expect(response.webSocket).not.toBeNull();
    const seen = hub.upgrades.at(-1);
    expect(new URL(seen?.url ?? "").search).toBe("?project=1&since=5");
    expect(seen?.headers.get("upgrade")).toBe("websocket");
    expect(JSON.stringify([...(seen?.headers ?? [])])).not.toContain(hub.keys.read);
    const { keys } = await hub.call<{ keys: { id: number; scope: string }[] }>("GET", "/api/keys", 200);
    expect(seen?.headers.get("x-hub-key")).toBe(String(keys.find(({ scope }) => scope === "read")?.id));
  });

  test("names the key that opened it, whatever the client says", async () => {
    await open("/ws/health", { authorization: `Bearer ${ADMIN_TOKEN}`, "x-hub-key": "1" });
    expect(hub.upgrades.at(-1)?.headers.has("x-hub-key")).toBe(false);
  });

  test("is answered hub.v1 when the caller speaks it, and nothing otherwise", async () => {
    const spoken = await open("/ws/health", { "sec-websocket-protocol": `hub.v1, bearer.${hub.keys.read}` });
    expect(spoken.headers.get("sec-websocket-protocol")).toBe("hub.v1");
    const silent = await open("/ws/health", { authorization: `Bearer ${hub.keys.read}` });
    expect(silent.headers.has("sec-websocket-protocol")).toBe(false);
  });

  test("opens once with a ticket", async () => {
    const response = await hub.request("POST", "/api/tickets", undefined, { key: hub.keys.read });
    expect(response.status).toBe(201);
    expect(response.headers.get("cache-control")).toBe("no-store");
    const { ticket, expires_in } = await response.json<{ ticket: string; expires_in: number }>();
    expect(expires_in).toBe(30);
    expect((await open(`/ws/health?ticket=${ticket}`, {})).status).toBe(101);
    expect(hub.upgrades.at(-1)?.url).not.toContain(ticket);
    expect((await open(`/ws/health?ticket=${ticket}`, {})).status).toBe(401);
  });

  test.each([
    ["nothing", "/ws/health", () => ({}), 401],
    ["a wrong key", "/ws/health", () => ({ "sec-websocket-protocol": "hub.v1, bearer.nobody" }), 401],
    ["an empty key", "/ws/health", () => ({ "sec-websocket-protocol": "hub.v1, bearer." }), 401],
    ["a key in the URL", `/ws/health?ticket=${hub.keys.read}`, () => ({}), 401],
    ["an agent's key", "/ws/health", () => ({ authorization: `Bearer ${hub.keys.agent}` }), 403],
    ["a wrong filter", "/ws/health?service=x", () => ({ authorization: `Bearer ${hub.keys.read}` }), 400],
    ["a negative seq", "/ws/health?since=-1", () => ({ authorization: `Bearer ${hub.keys.read}` }), 400],
  ])("with %s stays closed", async (_, path, headers, status) => {
    const before = hub.upgrades.length;
    const response = await open(path, headers());
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(hub.upgrades).toHaveLength(before);
  });

  describe("of an agent", () => {
    const setUp = async () => {
      const asked = await testHub({ PROBE_VANTAGES: "agent:dc-1" });
      const keyOf = async (name: string) => (await asked.call<{ key: string }>("PUT", `/api/agents/${name}`, 201)).key;
      const keys = { own: await keyOf("dc-1"), other: await keyOf("dc-2"), read: asked.keys.read, admin: undefined };
      return { asked, keys };
    };
    let agents: Awaited<ReturnType<typeof setUp>>;
    beforeAll(async () => {
      agents = await setUp();
    });
    test.each([
      ["its own key", "dc-1", "own", 101],
      ["an admin's key", "dc-1", "admin", 101],
      ["the key of another agent", "dc-1", "other", 403],
      ["a key that reads", "dc-1", "read", 403],
      ["a name that is no vantage", "dc-2", "other", 409],
      ["a name that nobody has", "dc-3", "admin", 404],
    ] as const)("with %s (%s) answers %i", async (_, name, key, status) => {
      const { asked, keys } = agents;
      const options = keys[key] === undefined ? {} : { key: keys[key] };
      const response = await asked.request("GET", `/ws/agents/${name}`, undefined, { ...options, headers: upgrade });
      expect(response.status).toBe(status);
    });

    test("takes no ticket", async () => {
      const { asked } = agents;
      const { ticket } = await asked.call<{ ticket: string }>("POST", "/api/tickets", 201);
      const path = `/ws/agents/dc-1?ticket=${ticket}`;
      expect((await asked.request("GET", path, undefined, { key: null, headers: upgrade })).status).toBe(401);
    });
  });

  test("is what is meant, or 426", async () => {
    const response = await hub.request("GET", "/ws/health");
    expect(response.status).toBe(426);
    expect(response.headers.get("upgrade")).toBe("websocket");
  });

  test("needs no key where reading is public", async () => {
    const publicHub = await testHub({ PUBLIC_READ: "true" });
    const response = await publicHub.request("GET", "/ws/health", undefined, { key: null, headers: upgrade });
    expect(response.status).toBe(101);
  });

  test("gets the live board's own refusal", async () => {
    const full = await testHub({}, { websocket: async () => new Response("full", { status: 503 }) });
    const response = await full.request("GET", "/ws/health", undefined, { headers: upgrade });
    expect(response.status).toBe(503);
    expect(await response.text()).toBe("full");
  });
});
