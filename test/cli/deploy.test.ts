import { cp, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DEPLOY_CONFIG, deployConfig, neededResources } from "../../src/cli/deploy-config.ts";
import { runDeploy } from "../../src/cli/run-deploy.ts";
import type { WranglerRun } from "../../src/cli/wrangler-command.ts";
import { temporaryFolder } from "../servers/child-process.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const DATABASE = { name: "commandcenter-hub", uuid: "2b0d5c5e-0000-4000-8000-000000000001" };
let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeEach(async () => {
  folder = await temporaryFolder("deploy");
  await cp(join(ROOT, "wrangler.toml"), join(folder.path, "wrangler.toml"));
  await mkdir(join(folder.path, "src"));
});
afterEach(() => folder.remove());

/** Answers by the beginning of the command; what is not named succeeds and says nothing. */
async function deployWith(answers: Record<string, WranglerRun | WranglerRun[]>, argv: string[] = []) {
  const commands: string[] = [];
  const lines: string[] = [];
  const code = await runDeploy(argv, {
    root: folder.path,
    out: (line) => lines.push(line),
    err: (line) => lines.push(line),
    async wrangler(args) {
      const command = args.join(" ");
      commands.push(command);
      const answer = Object.entries(answers).find(([start]) => command.startsWith(start))?.[1];
      return (Array.isArray(answer) ? answer.shift() : answer) ?? { code: 0, output: "" };
    },
  });
  return { code, commands, text: lines.join("\n") };
}

const listed = (...databases: unknown[]) => ({ code: 0, output: `notice\n${JSON.stringify(databases)}\n` });
const config = () => readFile(join(folder.path, DEPLOY_CONFIG), "utf8");

describe("npm run deploy", () => {
  test("creates what is missing, then migrates, then deploys, with the account's database", async () => {
    const { code, commands, text } = await deployWith({ "d1 list": [listed(), listed(DATABASE)] });
    expect(code).toBe(0);
    expect(commands).toEqual([
      "d1 list --json",
      "d1 create commandcenter-hub",
      "d1 list --json",
      "queues create commandcenter-hub-probes-dead",
      "queues create commandcenter-hub-outcomes-dead",
      "queues create commandcenter-hub-probes",
      "queues create commandcenter-hub-outcomes",
      `d1 migrations apply commandcenter-hub --remote --config ${DEPLOY_CONFIG}`,
      `deploy --config ${DEPLOY_CONFIG}`,
      `secret list --config ${DEPLOY_CONFIG}`,
    ]);
    expect(await config()).toContain(`database_id = "${DATABASE.uuid}"`);
    expect(text).toContain("npx wrangler secret put HUB_ADMIN_TOKEN");
  });

  test("uses what exists", async () => {
    const { code, commands, text } = await deployWith({
      "d1 list": listed({ name: "other", uuid: "x" }, DATABASE),
      "queues create": { code: 1, output: "Queue name 'q' is already taken. [code: 11009]" },
      "secret list": { code: 0, output: '[{"name":"HUB_ADMIN_TOKEN","type":"secret_text"}]' },
    });
    expect(code).toBe(0);
    expect(commands).not.toContain("d1 create commandcenter-hub");
    expect(text).toBe("");
  });

  test("a dry run says its plan and bundles, and asks the account nothing", async () => {
    const { code, commands, text } = await deployWith({}, ["--dry-run"]);
    expect(code).toBe(0);
    expect(commands).toEqual([`deploy --config ${DEPLOY_CONFIG} --dry-run --outdir dist/deploy`]);
    expect(text).toContain("create the queue commandcenter-hub-outcomes-dead unless it exists");
  });

  test.each([
    [{ "d1 list": { code: 1, output: "not logged in" } }, "npx wrangler login"],
    [{ "d1 list": listed() }, "was created and is not listed"],
    [{ "d1 list": listed(DATABASE), "queues create": { code: 1, output: "no permission" } }, "no permission"],
    [{ "d1 list": listed(DATABASE), "d1 migrations": { code: 1, output: "" } }, "failed: wrangler d1 migrations apply"],
  ])("stops at the step that fails: %j", async (answers, message) => {
    const { code, commands, text } = await deployWith(answers);
    expect(code).toBe(1);
    expect(text).toContain(message);
    expect(commands.some((command) => command.startsWith("deploy"))).toBe(false);
  });

  test("an unknown flag is refused with the usage, which --help shows too", async () => {
    const wrong = await deployWith({}, ["--dry"]);
    expect([wrong.code, wrong.commands]).toEqual([2, []]);
    expect(wrong.text).toContain("Usage: npm run deploy");
    const help = await deployWith({}, ["--help"]);
    expect([help.code, help.commands]).toEqual([0, []]);
    expect(help.text).toContain("--dry-run");
  });
});

describe("the deploy configuration", () => {
  test("is wrangler.toml with its paths seen from dist/", async () => {
    const text = deployConfig(await readFile(join(ROOT, "wrangler.toml"), "utf8"), DATABASE.uuid);
    expect(text).toContain('main = "../src/worker/index.ts"');
    expect(text).toContain('directory = "../dist/assets"');
    expect(text).toContain('migrations_dir = "../migrations"');
  });

  test("keeps a database id that wrangler.toml names", () => {
    const toml = 'main = "a"\ndirectory = "b"\nmigrations_dir = "c"\ndatabase_id = "mine"\n';
    expect(deployConfig(toml, DATABASE.uuid)).toContain('database_id = "mine"');
  });

  test("is refused when a line that has to change is missing", () => {
    expect(() => deployConfig('main = "a"', "x")).toThrow('expected one line directory = "…"');
  });

  test("needs a database and names every queue once", () => {
    expect(() => neededResources({ d1_databases: [], queues: {} })).toThrow("expected a D1 database");
    const queues = { consumers: [{ queue: "a", dead_letter_queue: "b" }, { queue: "b" }] };
    expect(neededResources({ d1_databases: [{ database_name: "d" }], queues })).toEqual({
      database: "d",
      queues: ["b", "a"],
    });
  });
});
