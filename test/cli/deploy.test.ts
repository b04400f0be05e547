import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { experimental_readRawConfig as readRawConfig } from "wrangler";
import { DEPLOY_CONFIG, deployConfig, neededResources, rawConfigSchema } from "../../src/cli/deploy/config.ts";
import { runDeploy } from "../../src/cli/deploy/run-deploy.ts";
import type { WranglerRun } from "../../src/cli/deploy/wrangler-command.ts";
import { CREATE_TABLE } from "../../src/cli/start/migrations.ts";
import { temporaryFolder } from "../servers/child-process.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const DATABASE = { name: "commandcenter-hub", uuid: "2b0d5c5e-0000-4000-8000-000000000001" };
let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeEach(async () => {
  delete process.env.MINIFLARE_WORKERD_PATH; // a test of `npm start` in this process leaves one that is gone
  folder = await temporaryFolder("deploy");
  await cp(join(ROOT, "wrangler.toml"), join(folder.path, "wrangler.toml"));
  await cp(join(ROOT, "migrations"), join(folder.path, "migrations"), { recursive: true });
  for (const path of ["src/worker/index.ts"]) {
    await cp(join(ROOT, path), join(folder.path, path));
  }
});
afterEach(() => folder.remove());

const CLASSES = ["LaneMonitor", "LiveBoard", "Prober", "NatsBridge", "Federation", "PeerLink"];
const BUNDLE = `import { DurableObject } from "cloudflare:workers";
export default { fetch() {} };
${CLASSES.map((name) => `export class ${name} extends DurableObject {}`).join("\n")}
`;
const PROFILE = { nodes: [{ id: 1, callFrame: { functionName: "start" } }], samples: [1], timeDeltas: [20_000] };

/** Writes the files that wrangler writes. */
async function writeResults(args: readonly string[], bundle: string): Promise<void> {
  const option = (name: string) => args[args.indexOf(name) + 1] ?? "";
  if (args.includes("--dry-run")) {
    await mkdir(option("--outdir"), { recursive: true });
    await writeFile(join(option("--outdir"), "index.js"), bundle);
  }
  if (args[0] === "check") await writeFile(option("--outfile"), JSON.stringify(PROFILE));
}

interface Given {
  bundle?: string;
  environment?: Record<string, string>;
}

/** Answers by the beginning of the command; what is not named succeeds and says nothing. */
async function deployWith(
  answers: Record<string, WranglerRun | WranglerRun[]>,
  argv: string[] = [],
  { bundle = BUNDLE, environment = {} }: Given = {},
) {
  const commands: string[] = [];
  const lines: string[] = [];
  const code = await runDeploy(argv, {
    root: folder.path,
    environment,
    interruption: () => new AbortController().signal,
    out: (line) => lines.push(line),
    err: (line) => lines.push(line),
    async wrangler(args) {
      const command = args.join(" ");
      commands.push(command.replaceAll(folder.path, "ROOT"));
      await writeResults(args, bundle);
      const answer = Object.entries(answers).find(([start]) => command.startsWith(start))?.[1];
      return (Array.isArray(answer) ? answer.shift() : answer) ?? { code: 0, output: "" };
    },
  });
  return { code, commands, text: lines.join("\n") };
}

const ASK = `${CREATE_TABLE}; SELECT name FROM "d1_migrations"`;
const READ = `d1 execute commandcenter-hub --remote --config ${DEPLOY_CONFIG} --json`;
/** The answer of a database that has these migrations. */
const applied = (...names: string[]) => ({
  code: 0,
  output: JSON.stringify([{ results: [] }, { results: names.map((name) => ({ name })) }]),
});
/** Each local database of a dry run is new. */
const LOCAL = { "d1 execute commandcenter-hub --local": applied() };
const listed = (...databases: unknown[]) => ({ code: 0, output: `notice\n${JSON.stringify(databases)}\n` });
const config = () => readFile(join(folder.path, DEPLOY_CONFIG), "utf8");

describe("npm run deploy", () => {
  test("creates what is missing, then migrates, then deploys, with the account's database", async () => {
    const { code, commands, text } = await deployWith({ "d1 list": [listed(), listed(DATABASE)], [READ]: applied() });
    expect(code).toBe(0);
    expect(commands).toEqual([
      "d1 list --json",
      "d1 create commandcenter-hub",
      "d1 list --json",
      "queues create commandcenter-hub-probes-dead",
      "queues create commandcenter-hub-outcomes-dead",
      "queues create commandcenter-hub-probes",
      "queues create commandcenter-hub-outcomes",
      `deployments list --config ${DEPLOY_CONFIG}`,
      `d1 execute commandcenter-hub --remote --config ${DEPLOY_CONFIG} --json --yes --command ${ASK}`,
      `d1 execute commandcenter-hub --remote --config ${DEPLOY_CONFIG} --yes --file ROOT/dist/deploy/pending.sql`,
      `deploy --config ${DEPLOY_CONFIG}`,
      `secret list --config ${DEPLOY_CONFIG}`,
    ]);
    expect(await config()).toContain(`"database_id": "${DATABASE.uuid}"`);
    expect(text).toContain("npx wrangler secret put HUB_ADMIN_TOKEN");
  });

  test("places a new database where the hub is, when D1 is there", async () => {
    const file = join(folder.path, "wrangler.toml");
    const toml = await readFile(file, "utf8");
    const created = async (region: string) => {
      await writeFile(file, toml.replace('HUB_ID = "hub-main"', `HUB_ID = "hub-main"\nHUB_REGION = "${region}"`));
      const { commands } = await deployWith({ "d1 list": [listed(), listed(DATABASE)], [READ]: applied() });
      return commands.find((command) => command.startsWith("d1 create"));
    };
    expect(await created("weur")).toBe("d1 create commandcenter-hub --location weur");
    expect(await created("eu-central-1")).toBe("d1 create commandcenter-hub --location weur");
    expect(await created("asia-northeast1")).toBe("d1 create commandcenter-hub --location apac");
    expect(await created("sam")).toBe("d1 create commandcenter-hub");
    expect(await created("basement")).toBe("d1 create commandcenter-hub");
  });

  test("uses what exists", async () => {
    const { code, commands, text } = await deployWith({
      "d1 list": listed({ name: "other", uuid: "x" }, DATABASE),
      "queues create": { code: 1, output: "Queue name 'q' is already taken. [code: 11009]" },
      "secret list": { code: 0, output: '[{"name":"HUB_ADMIN_TOKEN","type":"secret_text"}]' },
      [READ]: applied(...(await readdir(join(folder.path, "migrations")))),
    });
    expect(code).toBe(0);
    expect(commands).not.toContain("d1 create commandcenter-hub");
    expect(text).toBe("no migration is pending");
    expect(commands.some((command) => command.includes("--file"))).toBe(false);
  });

  test("imports what is pending as one file that notes each migration, in order", async () => {
    const names = (await readdir(join(folder.path, "migrations"))).sort();
    const { text } = await deployWith({ "d1 list": listed(DATABASE), [READ]: applied(...names.slice(0, 2)) });
    const pending = await readFile(join(folder.path, "dist/deploy/pending.sql"), "utf8");
    const noted = [...pending.matchAll(/INSERT INTO "d1_migrations" \(name\) VALUES \('(.*)'\)/g)].map(
      ([, name]) => name,
    );
    expect(noted).toEqual(names.slice(2));
    expect(pending).toContain("CREATE TRIGGER");
    expect(text).toContain(`applied ${names.slice(2).join(", ")}`);
  });

  test("gives an account without the Worker one migration of objects, and any other all of them", async () => {
    const missing = { code: 1, output: "This Worker does not exist on your account. [code: 10007]" };
    await deployWith({ "d1 list": listed(DATABASE), [READ]: applied(), "deployments list": missing });
    const first = JSON.parse(await config());
    expect(first.migrations).toEqual([{ tag: "v3", new_sqlite_classes: expect.arrayContaining(CLASSES) }]);
    expect(first.migrations[0].new_sqlite_classes).toHaveLength(CLASSES.length);
    expect(first.ratelimits).toHaveLength(1);
    const away = { code: 1, output: "A request to the Cloudflare API failed." };
    await deployWith({ "d1 list": listed(DATABASE), [READ]: applied(), "deployments list": away });
    expect(JSON.parse(await config()).migrations).toHaveLength(3);
  });

  test("a dry run says its plan, checks, bundles and measures, and asks the account nothing", async () => {
    const { code, commands, text } = await deployWith(LOCAL, ["--dry-run"]);
    expect(text).toContain("create the queue commandcenter-hub-outcomes-dead unless it exists");
    expect(text).toContain("ok     queues: all 4 are filled and consumed");
    expect(text).toContain("ok     start-up: 20 ms");
    expect(text).toMatch(/Nothing is wrong\.$/);
    expect(code).toBe(0);
    expect(commands.filter((command) => !command.startsWith("d1 execute"))).toEqual([
      `deploy --config ${DEPLOY_CONFIG} --dry-run --outdir ROOT/dist/deploy --outfile ROOT/dist/worker.bundle`,
      `check startup --config ${DEPLOY_CONFIG} --worker ROOT/dist/worker.bundle --outfile ROOT/dist/startup.cpuprofile`,
    ]);
  });

  test("a dry run names everything that is wrong at once, and fails", async () => {
    const file = join(folder.path, "wrangler.toml");
    const toml = await readFile(file, "utf8");
    await writeFile(file, toml.replace('name = "REQUEST_LIMIT"', 'name = "LIMIT"'));
    await rm(join(folder.path, "migrations/0002_lanes_for_all.sql"));
    const { code, text } = await deployWith(LOCAL, ["--dry-run"], { bundle: 'throw new Error("boom");' });
    expect(text).toContain("WRONG  binding LIMIT: wrangler.toml has this rate limit, and the code lacks it");
    expect(text).toContain("WRONG  SQL migration 0002: missing");
    expect(text).toMatch(/WRONG {2}start-up: the Worker does not start: .*boom/s);
    expect(text).toContain("4 things are wrong, see above");
    expect(code).toBe(1);
  });

  test("a dry run says which class of the bundle is none of a Durable Object", async () => {
    const bundle = BUNDLE.replace("class Prober extends DurableObject", "class Other extends DurableObject");
    const { code, text } = await deployWith(LOCAL, ["--dry-run"], { bundle });
    expect([code, text]).toEqual([1, expect.stringMatching(/WRONG {2}start-up: .*"Prober"/)]);
  });

  test.each([
    [{ "d1 list": { code: 1, output: "not logged in" } }, "npx wrangler login"],
    [{ "d1 list": { code: 1, output: "More than one account available" } }, "set CLOUDFLARE_ACCOUNT_ID"],
    [{ "d1 list": listed() }, "was created and is not listed"],
    [{ "d1 list": listed(DATABASE), "queues create": { code: 1, output: "no permission" } }, "no permission"],
    [{ "d1 list": listed(DATABASE), [READ]: { code: 1, output: "no network" } }, "can't be read\nno network"],
    [
      { "d1 list": listed(DATABASE), [READ]: applied(), "d1 execute": { code: 1, output: "near trigger" } },
      "the database is as it was\nnear trigger",
    ],
  ])("stops at the step that fails: %j", async (answers, message) => {
    const { code, commands, text } = await deployWith(answers);
    expect(code).toBe(1);
    expect(text).toContain(message);
    expect(commands.some((command) => command.startsWith("deploy "))).toBe(false);
  });

  test("an unknown flag is refused with the usage, which --help shows too", async () => {
    const wrong = await deployWith({}, ["--dry"]);
    expect([wrong.code, wrong.commands]).toEqual([2, []]);
    expect(wrong.text).toContain("Usage: npm run deploy");
    const help = await deployWith({}, ["--help"]);
    expect([help.code, help.commands]).toEqual([0, []]);
    expect(help.text).toContain("--dry-run");
  });

  test.each([
    [["--check", "hub.example"], { HUB_KEY: "k" }, "--check: expected the http(s) URL of a hub"],
    [["--check", "https://u:p@hub.example"], { HUB_KEY: "k" }, "without a user or a password"],
    [["--check", "https://hub.example", "--dry-run"], { HUB_KEY: "k" }, "give one of them"],
    [["--check", "https://hub.example"], {}, "set HUB_KEY to a key of the hub, or HUB_ADMIN_TOKEN"],
    [["--check", "https://hub.example"], { HUB_KEY: "a secret" }, "expected a key, which has no blanks"],
  ])("%j with %j is a wrong command line", async (argv, environment, message) => {
    const { code, commands, text } = await deployWith({}, argv, { environment });
    expect([code, commands]).toEqual([2, []]);
    expect(text).toContain(message);
    expect(text).not.toContain("a secret");
  });
});

describe("the deploy configuration", () => {
  const written = (over = {}) =>
    rawConfigSchema.parse({ main: "a.ts", assets: { directory: "b" }, d1_databases: [{ binding: "DB" }], ...over });

  test("is wrangler.toml with its paths seen from dist/", () => {
    const { rawConfig } = readRawConfig({ config: join(ROOT, "wrangler.toml") });
    const config = deployConfig(rawConfigSchema.parse(rawConfig), DATABASE.uuid);
    expect(config).toEqual({
      ...rawConfig,
      main: "../src/worker/index.ts",
      assets: { ...rawConfig.assets, directory: "../dist/assets" },
      d1_databases: [{ ...rawConfig.d1_databases?.[0], migrations_dir: "../migrations", database_id: DATABASE.uuid }],
    });
  });

  test("keeps a database id that wrangler.toml names, and each path that is absolute", () => {
    const config = written({ main: "/a.ts", d1_databases: [{ binding: "DB", database_id: "mine" }] });
    const { main, d1_databases } = deployConfig(config, DATABASE.uuid);
    expect([main, d1_databases[0]?.database_id]).toEqual(["/a.ts", "mine"]);
  });

  test.each([
    ["weur", "aws:eu-central-1"],
    ["us-east1", "aws:us-east-1"],
    ["AP-southeast-2", "aws:ap-southeast-2"],
    ["the basement", undefined],
    [7, undefined],
    [undefined, undefined],
  ])("with HUB_REGION %s places the Worker near %s", (HUB_REGION, region) => {
    expect(deployConfig(written({ vars: { HUB_REGION } }), "x").placement?.region).toBe(region);
  });

  test("keeps a place that wrangler.toml names", () => {
    const config = written({ vars: { HUB_REGION: "weur" }, placement: { mode: "smart" } });
    expect(deployConfig(config, "x").placement).toEqual({ mode: "smart" });
  });

  test.each(["main", "assets", "d1_databases"])("is refused without %s", async (key) => {
    const toml = await readFile(join(folder.path, "wrangler.toml"), "utf8");
    const pattern = key === "main" ? /^main = .*$/m : new RegExp(`^\\[+${key}\\]+\\n([^[\\n]+\\n)*`, "m");
    await writeFile(join(folder.path, "wrangler.toml"), toml.replace(pattern, ""));
    const { code, text } = await deployWith({ "d1 list": listed(DATABASE) });
    expect(code).toBe(1);
    expect(text).toMatch(
      key === "d1_databases" ? /expected a D1 database/ : new RegExp(`wrangler.toml: .*${key}`, "s"),
    );
  });

  test("says where requests are answered, or that nobody knows the region", async () => {
    const toml = await readFile(join(folder.path, "wrangler.toml"), "utf8");
    const said = async (region: string) => {
      const text = toml.replace('HUB_ID = "hub-main"', `HUB_ID = "hub-main"\nHUB_REGION = "${region}"`);
      await writeFile(join(folder.path, "wrangler.toml"), text);
      return (await deployWith(LOCAL, ["--dry-run"])).text;
    };
    expect(await said("eu-west-1")).toContain("ok     placement: requests are answered near aws:eu-central-1");
    expect(await said("the basement")).toContain("nobody knows where HUB_REGION the basement is");
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
