/** The package as a user gets it: packed, put into an empty folder, and used against a real hub. */
import { type ExecFileException, execFile } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type HubProcess, startHub } from "../processes/hub-process.ts";
import { run, temporaryFolder } from "../servers/child-process.ts";
import { until } from "../until.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

let hub: HubProcess;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
/** Of the installed package. */
let installed: string;

beforeAll(async () => {
  [hub, folder] = await Promise.all([startHub(), temporaryFolder("package")]);
  installed = join(folder.path, "node_modules/commandcenter-hub");
  await run("npm", ["run", "--silent", "package", "--", "--silent", "--pack-destination", folder.path], { cwd: ROOT });
  const [tarball = ""] = (await readdir(folder.path)).filter((name) => name.endsWith(".tgz"));
  const install = ["install", "--prefer-offline", "--no-audit", "--no-fund", join(folder.path, tarball)];
  await run("npm", install, { cwd: folder.path });
});

afterAll(async () => {
  await hub?.remove();
  await folder?.remove();
});

function command(argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const environment = { PATH: process.env.PATH, HOME: folder.path, HUB_URL: hub.url, HUB_KEY: hub.token };
  const program = join(folder.path, "node_modules/.bin/hub");
  return new Promise((resolve) => {
    const done = (error: ExecFileException | null, out: string, err: string) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    execFile(process.execPath, [program, ...argv], { cwd: folder.path, env: environment }, done);
  });
}

test("a manifest is planned, applied and exported, and its service is listed and checked", async () => {
  const { version } = JSON.parse(await readFile(join(installed, "package.json"), "utf8"));
  expect(await command(["--version"])).toEqual({ code: 0, out: `${version}\n`, err: "" });
  const service = { name: "self", health_method: "http", health_url: `${hub.url}/health`, tags: ["own"] };
  await writeFile(join(folder.path, "m.json"), JSON.stringify({ project: "shop", services: [service] }));
  const planned = await command(["apply", "m.json", "--dry-run"]);
  expect(planned.code, planned.err).toBe(2);
  expect(planned.out).toContain("Plan: 1 to add, 0 to change, 0 to delete.");
  expect((await command(["export"])).err).toContain("no projects");
  expect((await command(["apply", "m.json"])).code).toBe(0);
  expect((await command(["apply", "m.json", "--dry-run"])).code).toBe(0);
  await until(async () => {
    expect((await command(["services", "--tag", "own"])).out).toMatch(/^NAME .*\nself {2}shop {5}(up|degraded) /);
  });
  const exported = await command(["export", "--project", "shop"]);
  await writeFile(join(folder.path, "exported.yaml"), exported.out);
  // The version that the service has just reported is shown before it is stored.
  await until(async () => expect((await command(["apply", "exported.yaml", "--dry-run"])).code).toBe(0));
  const checked = await command(["check", "shop/self"]);
  expect(checked.code, checked.err).toBe(0);
  expect(checked.out).toMatch(/^shop\/self {2}(up|degraded)/);
});

test("hub start and hub agent of the package say what they need", async () => {
  const start = await command(["start", "--port", "0"]);
  expect([start.code, start.err]).toEqual([1, expect.stringContaining("npm ci && npm start")]);
  expect((await command(["agent", "--help"])).out).toMatch(/^Usage: hub agent/);
});

test("hub backup of the package needs no checkout", async () => {
  const done = await command(["backup", "hub.db", "--state", hub.state]);
  expect(done.code, done.err).toBe(0);
  expect(done.out).toMatch(/^Backup of hub-main: hub\.db/);
});

test("a program imports the client, asks the hub and hears it", async () => {
  const program = `
    import { createHubClient, HubProblem, responseBody, watchHub } from "commandcenter-hub";
    const { HUB_URL: url, HUB_KEY: key } = process.env;
    const wrong = createHubClient({ url, key: "wrong" });
    const status = await responseBody(wrong.services.$get({ query: {} })).catch((e) => e instanceof HubProblem && e.status);
    const { services } = await responseBody(createHubClient({ url, key }).services.$get({ query: {} }));
    const stop = new AbortController();
    let first;
    await watchHub({ url, key, signal: stop.signal, onFrame(frame) { first ??= frame.type; stop.abort(); } });
    console.log(JSON.stringify([status, services.map(({ name }) => name), first]));
    process.exit(0);`;
  await writeFile(join(folder.path, "program.mjs"), program);
  const env = { PATH: process.env.PATH, HUB_URL: hub.url, HUB_KEY: hub.token };
  const { stdout } = await run(process.execPath, [join(folder.path, "program.mjs")], { env });
  expect(JSON.parse(stdout)).toEqual([401, ["self"], "snapshot"]);
});
