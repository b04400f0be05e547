/** Who changed what is written down; what changes nothing is not. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { oldAudit } from "../../../src/store/access/audit.ts";
import { openDatabase } from "../../../src/store/database.ts";
import { NOW } from "../../store/fixtures.ts";
import { ADMIN_TOKEN, testHub } from "../test-hub.ts";

const hub = await testHub();
const HEARTBEAT = { health_method: "heartbeat" };
const YEAR = 365 * 86_400_000;

interface Entry {
  id: number;
  actor: string;
  key_id: number | null;
  action: string;
  targets: string[];
  count: number;
  fields: string[];
}

const entries = async (query = "") =>
  (await hub.call<{ entries: Entry[]; next_before: number | null }>("GET", `/api/audit${query}`, 200)).entries;
const lines = async () =>
  (await entries()).map(({ actor, action, targets, fields }) =>
    [actor, action, targets.join(), ...(fields.length > 0 ? [fields.join()] : [])].join(" "),
  );

beforeEach(() => env.DB.prepare("DELETE FROM audit").run());

describe("the audit log", () => {
  test("names the key, the action, what was changed and in which fields, the newest first", async () => {
    const made = await hub.call<{ id: number; key: string }>("POST", "/api/keys", 201, { name: "ci", scope: "write" });
    const as = { key: made.key };
    const put = (body: object) => hub.request("PUT", "/api/projects/shop/services/api", body, as);
    expect((await put(HEARTBEAT)).status).toBe(201);
    expect((await put(HEARTBEAT)).status).toBe(200); // changes nothing
    await hub.request("PATCH", "/api/services/1", { tags: ["eu"], health_interval: 600 }, as);
    await hub.request("PATCH", "/api/services/1", { tags: ["eu"] }, as); // changes nothing
    await hub.request("POST", "/api/services/1/heartbeat", { status: "pass" }, as);
    await hub.request("POST", "/api/services/1/pause", { minutes: 5 }, as);
    await hub.request("PATCH", "/api/services/1", { enabled: "no" }, as); // refused
    await hub.request("POST", "/api/projects/1/stop", undefined, as);
    await hub.request("DELETE", "/api/services/1", undefined, as);
    await hub.call("DELETE", `/api/keys/${made.id}`, 204);
    expect(await lines()).toEqual([
      "admin token key.revoked ci (write)",
      "ci service.deleted shop/api",
      "ci project.stopped shop",
      "ci service.updated shop/api enabled,paused_until",
      "ci service.updated shop/api health_interval,tags",
      "ci service.created shop/api",
      "admin token key.created ci (write)",
    ]);
    expect(JSON.stringify(await entries())).not.toContain(made.key);
    expect((await entries(`?key=${made.id}`)).length).toBe(5);
    expect((await entries("?action=service.updated&limit=1")).length).toBe(1);
  });

  test("tells of a manifest in one entry for each kind of change, however many services it has", async () => {
    const project = await hub.call<{ id: number }>("POST", "/api/projects", 201, { name: "fleet" });
    const services = Array.from({ length: 120 }, (_, n) => ({ name: `s-${n}`, ...HEARTBEAT }));
    await hub.call("PUT", `/api/projects/${project.id}/manifest?dry_run=true`, 200, { services });
    await hub.call("PUT", `/api/projects/${project.id}/manifest`, 200, { services });
    const [newest, ...others] = await entries();
    expect(newest).toMatchObject({ action: "service.created", count: 120 });
    expect(newest?.targets).toHaveLength(50);
    expect(others.map(({ action }) => action)).toEqual(["project.created"]);
  });

  test("tells who signed in, and how often somebody was refused", async () => {
    const later = await testHub({}, { now: () => NOW + 3_600_000 });
    const signIn = (key: string) => later.request("POST", "/api/session", { key }, { key: null });
    for (let tries = 0; tries < 5; tries++) expect((await signIn("hub_nobody")).status).toBe(401);
    expect((await signIn(ADMIN_TOKEN)).status).toBe(200);
    expect(await lines()).toEqual([
      "admin token session.begun admin",
      "nobody session.refused a key that is not valid",
    ]);
  });

  test("is for admins, page by page, and for a year", async () => {
    for (const key of [hub.keys.read, hub.keys.write]) {
      expect((await hub.request("GET", "/api/audit", undefined, { key })).status).toBe(403);
    }
    for (const name of ["a", "b", "c"]) await hub.call("POST", "/api/projects", 201, { name });
    const page = await hub.call<{ entries: Entry[]; next_before: number }>("GET", "/api/audit?limit=2", 200);
    expect(page.entries.map(({ targets }) => targets[0])).toEqual(["c", "b"]);
    expect((await entries(`?before=${page.next_before}`)).map(({ targets }) => targets[0])).toEqual(["a"]);
    const db = openDatabase(env.DB);
    await db.run(oldAudit(NOW + YEAR, 10));
    expect(await entries()).toHaveLength(3);
    await db.run(oldAudit(NOW + YEAR + 1, 2));
    expect(await entries()).toHaveLength(1);
  });
});
