/** The summary of the live board, with labels that the database has. */
import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { parseSummary } from "../../src/core/board/summary.ts";
import type { ServiceRow } from "../../src/core/service/service-row.ts";
import type { LiveBoard } from "../../src/objects/board/live-board.ts";
import { openDatabase } from "../../src/store/database.ts";
import { newEpoch } from "../../src/store/registry/registry-changes.ts";
import { addProject, addService } from "../store/fixtures.ts";

const db = openDatabase(env.DB);
let stub: DurableObjectStub<LiveBoard>;
let api: ServiceRow;
let web: ServiceRow;

beforeEach(async () => {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
  await env.DB.exec("DELETE FROM services; DELETE FROM projects");
  const shop = await addProject(db, "shop");
  api = await addService(db, shop, { name: "api", tags: ["eu"], metadata: { team: { name: "a" } } });
  web = await addService(db, shop, { name: "web" });
  stub = env.LIVE_BOARD.get(env.LIVE_BOARD.newUniqueId());
});

const summary = async () => parseSummary(await stub.summary("hub-a", null));
const labels = async () => (await summary()).services.map(({ name, tags, metadata }) => ({ name, tags, metadata }));
const set = async (row: ServiceRow, column: "tags" | "metadata", value: string) => {
  await env.DB.prepare(`UPDATE services SET ${column} = ? WHERE id = ?`).bind(value, row.id).run();
};
const padding = (bytes: number) => JSON.stringify({ note: "x".repeat(bytes) });

describe("the summary of the board", () => {
  it("has the tags and the metadata of its services, also those of services that came or changed since", async () => {
    expect(await labels()).toEqual([
      { name: "api", tags: ["eu"], metadata: { team: { name: "a" } } },
      { name: "web", tags: [], metadata: {} },
    ]);
    await set(web, "tags", '["us"]');
    await set(api, "metadata", '{"team":"b"}');
    expect(await labels()).toEqual([
      { name: "api", tags: ["eu"], metadata: { team: "b" } },
      { name: "web", tags: ["us"], metadata: {} },
    ]);
    expect(await summary()).not.toHaveProperty("left_out");
  });

  it("has only the projects that it is asked for, whatever their names are at that moment", async () => {
    const other = await addProject(db, "other");
    await addService(db, other, { name: "hidden" });
    const of = async (...ids: number[]) => {
      const { services, projects } = parseSummary(await stub.summary("hub-a", ids));
      return { services: services.map(({ name }) => name), projects: projects.map(({ name }) => name) };
    };
    expect(await of(api.project_id)).toEqual({ services: ["api", "web"], projects: ["shop"] });
    // The board hears of new names later than the database.
    await env.DB.exec("UPDATE projects SET name = 'was-shop' WHERE name = 'shop'");
    await env.DB.exec("UPDATE projects SET name = 'shop' WHERE name = 'other'");
    expect(await of(other.id)).toEqual({ services: ["hidden"], projects: ["shop"] });
    expect(await of()).toEqual({ services: [], projects: [] });
  });

  it("reads what can't be read in the database as empty", async () => {
    await set(api, "tags", "[1]");
    await set(api, "metadata", "{");
    expect(await labels()).toMatchObject([{ tags: [], metadata: {} }, {}]);
  });

  it("has no metadata while that of all services is larger than 1 MB, and has it again afterwards", async () => {
    await labels();
    await set(web, "metadata", padding(1_000_000));
    const large = await summary();
    expect(large.left_out).toEqual(["metadata"]);
    expect(large.services.flatMap((service) => Object.keys(service))).not.toContain("metadata");
    expect(large.services).toMatchObject([{ tags: ["eu"] }, { tags: [] }]);
    await set(web, "metadata", "{}");
    expect(await summary()).not.toHaveProperty("left_out");
    expect(await labels()).toMatchObject([{ metadata: { team: { name: "a" } } }, { metadata: {} }]);
  });

  it("does not count services that are not watched", async () => {
    await set(web, "metadata", padding(1_000_000));
    expect(await summary()).toMatchObject({ left_out: ["metadata"] });
    await env.DB.prepare("UPDATE services SET enabled = 0 WHERE id = ?").bind(web.id).run();
    expect(await summary()).not.toHaveProperty("left_out");
    await env.DB.prepare("DELETE FROM services WHERE id = ?").bind(web.id).run();
    expect((await labels())[0]).toMatchObject({ metadata: { team: { name: "a" } } });
  });

  it("goes on with the labels that it knows while they can't be read", async () => {
    const before = await labels();
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    await env.DB.exec("ALTER TABLE service_revisions RENAME TO revisions_away");
    expect(await labels()).toEqual(before);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining("labels.read_later"));
    await env.DB.exec("ALTER TABLE revisions_away RENAME TO service_revisions");
    warn.mockRestore();
    await set(web, "tags", '["us"]');
    expect(await labels()).toMatchObject([{ tags: ["eu"] }, { tags: ["us"] }]);
  });

  it("reads all labels anew in another life of the database", async () => {
    await set(api, "tags", '["new"]');
    await labels();
    const { epoch } = api;
    // As restored from a backup: the rows are older, and the revision is not newer.
    await env.DB.exec("UPDATE registry SET revision = revision - 1");
    await env.DB.exec("DROP TRIGGER service_changed");
    await set(api, "tags", '["old"]');
    await newEpoch(db, epoch, Date.now());
    expect(await labels()).toMatchObject([{ tags: ["old"] }, { tags: [] }]);
  });

  it("is the same for all who ask at once", async () => {
    await set(web, "tags", '["us"]');
    const asked = await Promise.all(Array.from({ length: 20 }, labels));
    for (const each of asked) expect(each).toEqual(asked[0]);
    expect(asked[0]).toMatchObject([{ tags: ["eu"] }, { tags: ["us"] }]);
  });
});

it("pages of labels join: 1,100 services have theirs", async () => {
  const columns =
    "service_type, health_method, health_url, health_interval, health_timeout, health_retries, port, lane";
  const times = "status_since, created_at, updated_at";
  await env.DB.prepare(`
    INSERT INTO services (project_id, name, tags, ${columns}, ${times})
    SELECT project_id, 'n' || value, json_array('t' || value), ${columns}, ${times}
    FROM services, json_each(?) WHERE services.id = ?`)
    .bind(JSON.stringify(Array.from({ length: 1_100 }, (_, index) => index)), api.id)
    .run();
  const { services } = await summary();
  expect(services).toHaveLength(1_102);
  expect(services.slice(2).filter(({ name, tags }) => tags?.join() !== name.replace("n", "t"))).toEqual([]);
});
