import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { DiscoveryAnswer } from "../../../src/core/agent/discovery.ts";
import { deleteGoneContainers, sawAgent } from "../../../src/store/registry/agents.ts";
import { deletedContainers } from "../../../src/store/registry/deleted-containers.ts";
import { applyManifest, projectServices } from "../../../src/store/registry/manifest.ts";
import { type TestHub, testHub } from "../test-hub.ts";

let hub: TestHub;
let key: string;

beforeEach(async () => {
  await reset();
  hub = await testHub();
  key = (await hub.call<{ key: string }>("PUT", "/api/agents/dc-1", 201)).key;
});

const container = (name: string, over: object = {}) => ({
  project: "shop",
  name,
  health_method: "container",
  container_id: `id-${name}`,
  version: "1.2",
  ...over,
});

async function put(services: unknown[], gone: unknown[] = [], as = key): Promise<DiscoveryAnswer> {
  const answer = await hub.request("PUT", "/api/agents/dc-1/services", { services, gone }, { key: as });
  if (answer.status !== 200) throw new Error(`${answer.status}: ${await answer.text()}`);
  return await answer.json();
}

/** Whether each service's container runs. */
async function listed(): Promise<Record<string, boolean>> {
  const { services } = await hub.call<{ services: { name: string; gone_since: string | null }[] }>(
    ...(["GET", "/api/services", 200] as const),
  );
  return Object.fromEntries(services.map(({ name, gone_since }) => [name, gone_since === null]));
}

const nothing = { registered: 0, changed: 0, deregistered: 0, refused: [], deleted: [], digest: expect.any(String) };

describe("what an agent finds in containers", () => {
  test("is registered, once, and starts its project", async () => {
    const services = [container("db"), container("web", { depends_on: ["db"] })];
    expect(await put(services)).toEqual({ ...nothing, registered: 2 });
    expect(hub.lastChange()).toMatchObject({ registered: ["db", "web"], deregistered: [] });
    expect(await put(services)).toEqual(nothing);
    expect(hub.changes).toHaveLength(1);
    const { services: seen } = await hub.call<{ services: object[] }>("GET", "/api/services?q=web", 200);
    expect(seen).toMatchObject([
      { agent: "dc-1", container_id: "id-web", version: "1.2", depends_on: ["db"], health_method: "container" },
    ]);
  });

  test("is deregistered when it is gone, with the reason, and keeps its place for when it comes back", async () => {
    await put([container("db"), container("web")]);
    expect(await put([container("db")], [{ project: "shop", name: "web", reason: "container stopped" }])).toEqual({
      ...nothing,
      deregistered: 1,
    });
    expect(hub.changes.at(-1)?.deregistered).toMatchObject([
      {
        row: { name: "web", enabled: true, gone_since: expect.any(Number), gone_reason: "container stopped" },
        deleted: false,
      },
    ]);
    expect(await listed()).toEqual({ db: true, web: false });
    expect(await put([container("db"), container("web", { container_id: "id-2" })])).toMatchObject({ registered: 1 });
    expect(hub.lastChange()).toMatchObject({ registered: ["web"], created: [2] });
  });

  test("is refused one by one: a service that breaks a rule costs no other, neither its coming nor its going", async () => {
    await put([container("db"), container("old")]);
    const bad = [
      container("summary"),
      container("many", { health_retries: 99 }),
      container("odd", { tags: ["a\tb"] }),
      container("long", { version: "v".repeat(129) }),
      container("Bad Name"),
      { name: 5 },
      "no object",
    ];
    const answer = await put([...bad, container("db"), container("web")]);
    expect(answer).toMatchObject({ registered: 1, deregistered: 1 });
    expect(answer.refused.map(({ name, reason }) => [name, reason.split(":")[0]])).toEqual([
      ...[
        ["summary", "name"],
        ["many", "health_retries"],
        ["odd", "tags[0]"],
        ["long", "version"],
        ["Bad Name", "name"],
      ],
      ["?", "name"],
      ["?", ""],
    ]);
    expect(await listed()).toEqual({ db: true, old: false, web: true });
  });

  test("is gone with a reason that can be read, beside reasons that can't", async () => {
    await put([container("db"), container("web")]);
    const reasons = [5, { project: "shop" }, { project: "shop", name: "web", reason: "exit code 1" }];
    expect(await put([container("db")], reasons)).toMatchObject({ deregistered: 1 });
    expect(hub.changes.at(-1)?.deregistered).toMatchObject([{ row: { gone_reason: "exit code 1" } }]);
  });

  test("stops its project with the last container, and starts it with the first", async () => {
    await put([container("db"), container("web")]);
    await put([container("db")]);
    expect(hub.projects).toEqual([]);
    await put([]);
    expect(hub.projects).toEqual(["shop stopped"]);
    await put([container("web")]);
    expect(hub.projects).toEqual(["shop stopped", "shop running"]);
    expect(hub.lastChange()).toMatchObject({ registered: ["web"] });
    expect(await listed()).toEqual({ db: false, web: true });
  });

  test("starts its project in the same transaction, so that a hub that dies leaves none stopped beside what runs", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    await put([container("db")]);
    await put([]);
    const dies = "CREATE TRIGGER dies BEFORE UPDATE OF status ON projects BEGIN SELECT RAISE(ABORT, 'killed'); END";
    await env.DB.prepare(dies).run();
    await expect(put([container("db")])).rejects.toThrow();
    await env.DB.prepare("DROP TRIGGER dies").run();
    expect(await put([container("db")])).toMatchObject({ registered: 1 });
    expect(hub.projects).toEqual(["shop stopped", "shop running"]);
    vi.restoreAllMocks();
  });

  test("does not start a project that a person has stopped", async () => {
    await put([container("db")]);
    await hub.call("POST", "/api/projects/1/stop", 200);
    expect(hub.projects).toEqual(["shop stopped"]);
    await put([container("db")]);
    await put([container("db"), container("web")]);
    expect(hub.projects).toEqual(["shop stopped"]);
  });

  const ordinary = { health_method: "http", health_url: "https://shop.example.com" };
  const status = async () => (await hub.call<{ status: string }>("GET", "/api/projects/1", 200)).status;

  test.each<[string, () => Promise<unknown>]>([
    ["another service", () => hub.call("PUT", "/api/projects/shop/services/site", 201, ordinary)],
    [
      "a manifest",
      async () => await hub.call("PUT", "/api/projects/1/manifest", 200, { services: [{ name: "site", ...ordinary }] }),
    ],
    [
      "a container by hand",
      () =>
        hub.call(
          "PUT",
          "/api/projects/shop/services/web",
          201,
          container("web", { agent: "dc-1", project: undefined }),
        ),
    ],
  ])("starts a project that the hub has stopped, whatever it has got since: %s", async (_, add) => {
    await put([container("db")]);
    await put([]);
    await add();
    expect(await status()).toBe("stopped");
    await put([container("web")]);
    expect([await status(), hub.projects]).toEqual(["running", ["shop stopped", "shop running"]]);
  });

  test("never starts a project that a person has stopped, before or after the hub did, until a person starts it", async () => {
    await put([container("db")]);
    await hub.call("POST", "/api/projects/1/stop", 200);
    await put([]);
    await put([container("db")]);
    expect(await status()).toBe("stopped");
    await hub.call("POST", "/api/projects/1/start", 200);
    await put([]);
    await hub.call("POST", "/api/projects/1/stop", 200);
    await put([container("db")]);
    expect([await status(), hub.projects]).toEqual(["stopped", ["shop stopped", "shop running", "shop stopped"]]);
    await hub.call("POST", "/api/projects/1/start", 200);
    await put([]);
    await put([container("db")]);
    expect(await status()).toBe("running");
  });

  test("does not start what a person stops while the list is taken in", async () => {
    await put([container("db")]);
    await put([]);
    const before = await projectServices(hub.db, 1);
    await hub.call("POST", "/api/projects/1/stop", 200);
    const plan = { create: [], update: [], delete: [], back: [1], status: "running" as const };
    await applyManifest(hub.db, { id: 1, before }, plan, Date.now());
    expect(await status()).toBe("stopped");
  });

  test("stays disabled or paused by a person, whatever its container does", async () => {
    await put([container("db"), container("web")]);
    await hub.call("PATCH", "/api/services/1", 200, { enabled: false });
    await hub.call("POST", "/api/services/2/pause", 200, { minutes: 60 });
    const both = async () =>
      await Promise.all([1, 2].map((id) => hub.call<Record<string, unknown>>("GET", `/api/services/${id}`, 200)));
    const off = [{ enabled: false }, { enabled: false, paused_until: expect.any(String) }];
    const events = [
      [container("db", { version: "2" }), container("web", { container_id: "id-2" })],
      [],
      [container("db", { tags: ["new"] }), container("web"), container("third")],
    ];
    for (const found of events) {
      await put(found);
      expect(await both()).toMatchObject(off);
    }
    await hub.call("PATCH", "/api/services/1", 200, { enabled: true });
    expect((await both())[0]).toMatchObject({ enabled: true, gone_since: null, tags: ["new"] });
    await put([container("third")]);
    await hub.call("PATCH", "/api/services/1", 200, { enabled: true });
    expect((await both())[0]).toMatchObject({
      enabled: true,
      gone_since: expect.any(String),
      health_status: "unknown",
    });
    const refused = await hub.request("POST", "/api/services/1/check", {}, {});
    expect(refused.status).toBe(409);
  });

  test("does not end a project whose services a person has disabled", async () => {
    await put([container("db")]);
    await hub.call("PATCH", "/api/services/1", 200, { enabled: false });
    await put([container("db", { version: "2" })]);
    expect(hub.projects).toEqual([]);
  });

  test("never takes over what somebody else registered", async () => {
    const own = { health_method: "http", health_url: "https://db.example.com" };
    await hub.call("PUT", "/api/projects/shop/services/db", 201, own);
    await hub.call("PUT", "/api/agents/dc-2", 201);
    await hub.call("PUT", "/api/projects/shop/services/api", 201, container("api", { agent: "dc-2", project: "shop" }));
    expect(await put([container("db"), container("api"), container("web")])).toEqual({
      ...nothing,
      registered: 1,
      refused: [
        { project: "shop", name: "db", reason: "there is such a service already" },
        { project: "shop", name: "api", reason: "there is such a service already, of the agent dc-2" },
      ],
    });
    await put([]);
    expect(await listed()).toEqual({ db: true, api: true, web: false });
  });

  test("holds up nothing when one of it is wrong", async () => {
    const services = [
      container("a", { health_method: "http" }),
      container("b", { container_id: null }),
      container("c"),
      container("c", { version: "2" }),
    ];
    expect(await put(services)).toMatchObject({
      registered: 1,
      refused: [
        { name: "a", reason: "health_url: needed for http" },
        { name: "b", reason: "container_id: needed" },
        { name: "c", reason: "listed twice" },
      ],
    });
  });

  test("is that agent's only: no other key may say so, nor name another agent", async () => {
    const other = (await hub.call<{ key: string }>("PUT", "/api/agents/dc-2", 201)).key;
    for (const as of [other, hub.keys.write]) await expect(put([], [], as)).rejects.toThrow(/^Error: 403|^403/);
    await put([container("db", { agent: "dc-2" })]);
    const { services } = await hub.call<{ services: object[] }>("GET", "/api/services", 200);
    expect(services).toMatchObject([{ agent: "dc-1" }]);
  });
});

test("starting and stopping a project by hand is told, too", async () => {
  await hub.call("POST", "/api/projects", 201, { name: "tools" });
  await hub.call("POST", "/api/projects/1/stop", 200);
  await hub.call("POST", "/api/projects/1/stop", 200);
  await hub.call("POST", "/api/projects/1/start", 200);
  expect(hub.projects).toEqual(["tools stopped", "tools running"]);
});

describe("a container's service that a person deletes while it runs", () => {
  const services = [container("db"), container("web")];
  const shown = async () => {
    const { agents } = await hub.call<{ agents: { deleted_services: { name: string; project: string }[] }[] }>(
      ...(["GET", "/api/agents", 200] as const),
    );
    return agents.flatMap(({ deleted_services }) => deleted_services.map(({ name, project }) => `${project}/${name}`));
  };
  const manifest = { services: [{ name: "other", health_method: "http", health_url: "https://shop.example.com" }] };

  test.each<[string, () => Promise<unknown>]>([
    ["by its id", () => hub.call("DELETE", "/api/services/2", 204)],
    ["by a manifest", () => hub.call("PUT", "/api/projects/1/manifest", 200, manifest)],
    ["with its project", () => hub.call("DELETE", "/api/projects/1", 204)],
  ])("%s stays away and is shown, until its container is made anew", async (_, remove) => {
    await put(services);
    await remove();
    const again = await put(services);
    expect(again.registered).toBe(0);
    expect(again.deleted).toContainEqual({ project: "shop", name: "web" });
    expect(await put(services)).toEqual(again);
    expect(await shown()).toContain("shop/web");
    expect((await listed()).web).toBeUndefined();
    const anew = await put([container("db"), container("web", { container_id: "id-2" })]);
    expect(anew.registered).toBe(1);
    expect(await listed()).toMatchObject({ web: true });
    expect(await shown()).not.toContain("shop/web");
  });

  test("with its project does not bring back the project as an empty one", async () => {
    await put(services);
    await hub.call("DELETE", "/api/projects/1", 204);
    await put(services);
    expect((await hub.call<{ projects: object[] }>("GET", "/api/projects", 200)).projects).toEqual([]);
  });

  test("stays away when the container is stopped and started again, and is forgotten when it is removed", async () => {
    await put(services);
    await hub.call("DELETE", "/api/services/2", 204);
    const gone = (reason: string) => [{ project: "shop", name: "web", reason }];
    await put([container("db")], gone("container stopped (exit code 0)"));
    expect(await shown()).toEqual(["shop/web"]);
    expect(await put(services)).toMatchObject({ registered: 0, deleted: [{ project: "shop", name: "web" }] });
    await put([container("db")], gone("container removed"));
    expect(await shown()).toEqual([]);
  });

  test("is forgotten a month later when its container does not run, and not while it does", async () => {
    await put(services);
    await hub.call("DELETE", "/api/services/2", 204);
    await hub.db.update(deletedContainers).set({ deleted_at: 0 });
    await put(services);
    expect(await shown()).toEqual(["shop/web"]);
    await put([container("db")]);
    expect(await shown()).toEqual([]);
  });

  describe("and of which there are several", () => {
    const all = ["id-1", "id-2"];
    const web = (container_id: string, containers: string[] | null = all) =>
      container("web", { container_id, ...(containers === null ? {} : { containers }) });
    const gone = (reason: string, containers: string[]) => [{ project: "shop", name: "web", reason, containers }];
    const deletedStill = { registered: 0, deleted: [{ project: "shop", name: "web" }] };

    test.each<[string, () => Promise<unknown>]>([
      ["by its id", () => hub.call("DELETE", "/api/services/1", 204)],
      ["by a manifest", () => hub.call("PUT", "/api/projects/1/manifest", 200, manifest)],
      ["with its project", () => hub.call("DELETE", "/api/projects/1", 204)],
    ])("%s comes back through none of those that there were, only through another", async (_, remove) => {
      await put([web("id-1")]);
      await remove();
      expect(await put([web("id-2")])).toMatchObject(deletedStill);
      expect(await put([web("id-2", ["id-2"])])).toMatchObject(deletedStill);
      expect(await put([web("id-1")])).toMatchObject(deletedStill);
      expect(await shown()).toEqual(["shop/web"]);
      expect(await put([web("id-2", ["id-2", "id-3"])])).toMatchObject(deletedStill);
      expect(await put([web("id-3", ["id-2", "id-3"])])).toMatchObject({ registered: 1, deleted: [] });
      expect(await shown()).toEqual([]);
    });

    test("stays away when one is removed while another may be started again", async () => {
      await put([web("id-1")]);
      await hub.call("DELETE", "/api/services/1", 204);
      await put([], gone("container removed", ["id-2"]));
      expect(await shown()).toEqual(["shop/web"]);
      expect(await put([web("id-2", ["id-2"])])).toMatchObject(deletedStill);
      await put([], gone("container removed", ["id-3"]));
      expect(await shown()).toEqual([]);
    });

    test("counts those of the newest list, and those of an agent that names none by what it names next", async () => {
      await put([web("id-1", ["id-0", "id-1"])]);
      await put([web("id-1")]);
      await hub.call("DELETE", "/api/services/1", 204);
      expect(await put([web("id-0", ["id-0"])])).toMatchObject({ registered: 1 });
      const lists = [
        async () => expect(await put([web("id-2")])).toMatchObject(deletedStill),
        async () => await put([], gone("container removed", ["id-2"])),
      ];
      for (const [index, firstList] of lists.entries()) {
        await put([web("id-1", null)]);
        await hub.call("DELETE", `/api/services/${index + 2}`, 204);
        await firstList();
        expect(await put([web("id-2", ["id-2"])])).toMatchObject(deletedStill);
        expect(await put([web("id-4", ["id-2", "id-4"])])).toMatchObject({ registered: 1 });
        await put([]);
      }
    });

    test("of an agent that names none comes back through any other, as ever", async () => {
      await put([web("id-1", null)]);
      await hub.call("DELETE", "/api/services/1", 204);
      expect(await put([web("id-1", null)])).toMatchObject(deletedStill);
      expect(await put([web("id-2", null)])).toMatchObject({ registered: 1 });
    });

    test("may be named in a list with mistakes, which costs only itself", async () => {
      const many = Array.from({ length: 101 }, (_, n) => `id-${n}`);
      const answer = await put([web("id-1", many), container("odd", { containers: "id-1" }), container("db")]);
      expect(answer).toMatchObject({ registered: 1, refused: [{ name: "web" }, { name: "odd" }] });
    });
  });

  test("may be registered again by hand", async () => {
    await put(services);
    await hub.call("DELETE", "/api/services/2", 204);
    await hub.call(
      "PUT",
      "/api/projects/shop/services/web",
      201,
      container("web", { agent: "dc-1", project: undefined }),
    );
    expect(await put(services)).toMatchObject({ deleted: [], refused: [] });
    expect([await listed(), await shown()]).toEqual([{ db: true, web: true }, []]);
  });

  test("is no memory when it had ended, and the memory goes with the agent", async () => {
    await put(services);
    await put([container("db")]);
    await hub.call("DELETE", "/api/services/2", 204);
    expect((await put(services)).registered).toBe(1);
    await hub.call("DELETE", "/api/services/1", 204);
    expect(await shown()).toEqual(["shop/db"]);
    await hub.call("DELETE", "/api/agents/dc-1", 204);
    await hub.call("PUT", "/api/agents/dc-1", 201);
    expect(await shown()).toEqual([]);
  });

  test("is forgotten a month after its agent was heard of last, and not before", async () => {
    const month = 30 * 86_400_000;
    await put(services);
    await hub.call("DELETE", "/api/services/2", 204);
    const later = Date.now() + month + 1_000;
    await sawAgent(hub.db, "dc-1", null, later - 1_000);
    await deleteGoneContainers(hub.db, later - month, 10);
    expect(await shown()).toEqual(["shop/web"]);
    await deleteGoneContainers(hub.db, later, 10);
    expect(await shown()).toEqual([]);
  });
});

test("the digest of an agent's containers changes with what the hub has of them, and with nothing else", async () => {
  const digest = async () => {
    const answer = await hub.request("GET", "/api/agents/dc-1/checks", undefined, { key });
    return (await answer.json<{ containers: string }>()).containers;
  };
  const told = (await put([container("db"), container("web")])).digest;
  expect(await digest()).toBe(told);
  expect((await put([container("db", { containers: ["id-db", "id-2"] }), container("web")])).digest).toBe(told);
  await hub.call("PATCH", "/api/services/1", 200, { enabled: false });
  await hub.call("POST", "/api/services/2/pause", 200, { minutes: 5 });
  await hub.call("PUT", "/api/projects/shop/services/other", 201, { health_method: "heartbeat" });
  expect(await digest()).toBe(told);
  const changes: [string, string, number, object | undefined][] = [
    ["PATCH", "/api/services/1", 200, { tags: ["mine"] }],
    ["PATCH", "/api/services/1", 200, { health_interval: 600 }],
    ["PATCH", "/api/services/1", 200, { name: "database" }],
    ["PATCH", "/api/services/1", 200, { agent: null, health_method: "http", health_url: "https://db.example.com" }],
    ["DELETE", "/api/services/2", 204, undefined],
  ];
  const seen = new Set([told]);
  for (const [method, path, status, body] of changes) {
    await hub.call(method, path, status, body);
    expect([path, body, seen.has(await digest())]).toEqual([path, body, false]);
    seen.add(await digest());
  }
});
