import { once } from "node:events";
import { readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { databaseFile } from "../processes/database-file.ts";
import { startHere } from "../processes/hub-here.ts";
import { type HubProcess, startHub } from "../processes/hub-process.ts";
import { freePort, temporaryFolder } from "../servers/child-process.ts";
import { until } from "../until.ts";

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

const createProject = (hub: HubProcess, name: string) =>
  hub.fetch("/api/projects", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name }),
  });

describe("a hub in a process of its own", () => {
  let hub: HubProcess;

  beforeAll(async () => {
    hub = await startHub({ vars: { HUB_ID: "hub-of-the-test" }, args: ["--quiet"] });
  });
  afterAll(() => hub?.remove());

  test("prints nothing but the line that says it is ready when it is to be quiet", async () => {
    expect((await hub.fetch("/health")).status).toBe(200);
    expect(hub.lines).toEqual([`CommandCenter Hub ready at ${hub.url}  admin token: ${hub.token}`]);
  });

  test("makes an admin token, keeps it for its owner only and uses it again", async () => {
    expect(hub.token).toMatch(/^hub_admin_[\w-]{32}$/);
    expect(statSync(join(hub.state, "admin-token")).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(hub.state, "admin-token"), "utf8").trim()).toBe(hub.token);
  });

  test("a second hub on the same state folder is refused", async () => {
    const second = startHere(["--state", hub.state, "--port", "0"]);
    expect(await second.code).toBe(1);
    expect(second.lines.join("\n")).toContain("another one is running");
  });

  test("the files of the API's documentation are served", async () => {
    const page = await (await fetch(`${hub.url}/docs`)).text();
    const named = [...page.matchAll(/(?:src|href)="(\/docs\/[^"]+)"/g)].map(([, name]) => name);
    expect(named).toHaveLength(2);
    const types = named.map(async (name) => (await fetch(`${hub.url}${name}`)).headers.get("content-type"));
    expect(await Promise.all(types)).toEqual([
      expect.stringContaining("text/css"),
      expect.stringContaining("text/javascript"),
    ]);
  });

  test("kill -9 leaves no process behind, and what was stored is there after a restart", async () => {
    expect((await createProject(hub, "kept")).status).toBe(201);
    const runtime = await hub.runtimePid();
    expect(alive(runtime)).toBe(true);
    const { token, url } = hub;
    await hub.kill9();
    await until(() => expect(alive(runtime)).toBe(false));
    await hub.restart();
    expect({ token: hub.token, url: hub.url }).toEqual({ token, url });
    expect((await createProject(hub, "kept")).status).toBe(409);
  });

  test("a runtime that died is started again and keeps serving what is stored", async () => {
    process.kill(await hub.runtimePid(), "SIGKILL");
    const answer = async () => (await hub.fetch("/api/projects")).json();
    await until(async () => expect(await answer()).toMatchObject({ projects: [{ name: "kept" }] }));
    await until(() => expect(hub.lines).toContain("the runtime crashed and was started again"));
  });

  test("Ctrl-C ends it with exit code 0 and no process left", async () => {
    const runtime = await hub.runtimePid();
    expect(await hub.stop()).toBe(0);
    expect(alive(runtime)).toBe(false);
  });
});

describe("a hub in this process", () => {
  test("does not start on a port that another program has", async () => {
    const folder = await temporaryFolder("state");
    const other = createServer();
    const port = await freePort();
    other.listen(port, "127.0.0.1");
    await once(other, "listening");
    const hub = startHere(["--state", folder.path, "--port", String(port)]);
    expect(await hub.code).toBe(1);
    expect(hub.lines.join("\n")).toContain(`port ${port} is taken`);
    other.close();
    await folder.remove();
  });

  test("a database that a migration does not fit is named, and nothing is left running", async () => {
    const folder = await temporaryFolder("state");
    const first = startHere(["--state", folder.path, "--port", "0", "--quiet"]);
    await first.ready();
    first.stop();
    await first.code;
    forgetMigrations(folder.path);
    const second = startHere(["--state", folder.path, "--port", "0", "--quiet"]);
    expect(await second.code).toBe(1);
    expect(second.lines.join("\n")).toMatch(/migration 0001_\S+ failed: .*already exists/);
    await folder.remove();
  });

  test("a database that a newer version has migrated is left alone, and the migration is named", async () => {
    const folder = await temporaryFolder("state");
    const first = startHere(["--state", folder.path, "--port", "0", "--quiet"]);
    await first.ready();
    first.stop();
    await first.code;
    const database = new DatabaseSync(databaseFile(folder.path));
    database.exec("INSERT INTO d1_migrations (name) VALUES ('9999_later.sql')");
    database.close();
    const before = readFileSync(databaseFile(folder.path));
    const second = startHere(["--state", folder.path, "--port", "0", "--quiet"]);
    expect(await second.code).toBe(1);
    expect(second.lines).toEqual([
      expect.stringMatching(
        /^a newer version of the hub has used \S+ \(its migration 9999_later\.sql is not known here\)/,
      ),
    ]);
    expect(readFileSync(databaseFile(folder.path))).toEqual(before);
    await folder.remove();
  });
});

function forgetMigrations(state: string): void {
  const database = new DatabaseSync(databaseFile(state));
  database.exec("DELETE FROM d1_migrations");
  database.close();
}
