/**
 * `npm run deploy`: creates the resources that the account lacks, applies migrations and deploys the Worker. It can also
 * check what it would deploy, and a hub that is deployed.
 */
import { randomBytes } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { unstable_readConfig as readConfig, experimental_readRawConfig as readRawConfig } from "wrangler";
import { z } from "zod";
import { isHubUrl, isKey } from "../../client/hub-client.ts";
import { locationHint } from "../../core/hub/nearness.ts";
import { messageOf } from "../../core/values/error-message.ts";
import { parsedLine, UsageError } from "../../node/command-line.ts";
import { buildAssets } from "../build/assets.ts";
import type { Environment } from "../start/settings.ts";
import { checkHub } from "./check-hub.ts";
import { busyMs, checkDeployment, sizeFinding, startFinding } from "./checks.ts";
import {
  DEPLOY_CONFIG,
  type DeployedConfig,
  deployConfig,
  neededResources,
  type RawConfig,
  rawConfigSchema,
  withOneMigration,
} from "./config.ts";
import { bundleBytes, readCheckout, readProfile } from "./facts.ts";
import { type Finding, findingLine, ok, warn, wrong } from "./finding.ts";
import { collapsedMigration } from "./objects.ts";
import { applyDeployed, readMigrations } from "./remote-migrations.ts";
import { trialStart } from "./trial-start.ts";
import type { Wrangler } from "./wrangler-command.ts";

const USAGE = `Usage: npm run deploy -- [--dry-run | --check URL] [--free]

Creates the database and queues that are missing in your Cloudflare account, applies migrations and deploys.

  --dry-run    says what it would do, checks the configuration and bundles the Worker; needs no account
  --check URL  asks the hub at URL to check itself, and deletes that service again; takes up to two minutes.
               Needs a key of the scope write in HUB_KEY, or the admin token in HUB_ADMIN_TOKEN
  --free       for the free plan: /health then counts its limits (sets FREE_PLAN; give it each time, or put it into [vars])
  --help       this text`;
/** A dry run uses this id in place of the id of the database. */
const DRY_RUN_ID = "11111111-1111-1111-1111-111111111111";
const ADMIN_TOKEN = "HUB_ADMIN_TOKEN";
/** Makes the name of the project of a check unique. */
const NAME_BYTES = 4;
/** From where a database may come, and how many migrations it has had then. */
const RELEASES = { "a new database": 0, "a hub of 0.1.0": 1, "a hub of 0.2.0": 2 };
/** Location hints of D1: https://developers.cloudflare.com/d1/configuration/data-location/ */
const DATABASE_REGIONS = ["wnam", "enam", "weur", "eeur", "apac", "oc"];
const databasesSchema = z.array(z.object({ name: z.string(), uuid: z.string() }));

interface DeployIo {
  /** The checkout. */
  root: string;
  environment: Environment;
  wrangler: Wrangler;
  out(line: string): void;
  err(line: string): void;
  /** Is called only for a step that can be interrupted, and takes over Ctrl-C then. */
  interruption(): AbortSignal;
}

type Task = "help" | { kind: "deploy" | "rehearse"; free: boolean } | { check: string; key: string };

/** Returns the exit code: 0 when all steps worked, 1 when a step failed, 2 for a wrong command line. */
export async function runDeploy(argv: readonly string[], io: DeployIo): Promise<number> {
  try {
    await run(parseTask(argv, io.environment), io);
    return 0;
  } catch (error) {
    io.err(messageOf(error));
    if (!(error instanceof UsageError)) return 1;
    io.err(`\n${USAGE}`);
    return 2;
  }
}

function parseTask(argv: readonly string[], environment: Environment): Task {
  const values = parse(argv);
  if (values.help) return "help";
  if (values.check === undefined) return { kind: values["dry-run"] ? "rehearse" : "deploy", free: values.free };
  if (values["dry-run"]) throw new UsageError("--check and --dry-run: give one of them");
  const url = values.check.replace(/\/+$/, "");
  if (!isHubUrl(url)) throw new UsageError("--check: expected the http(s) URL of a hub, without a user or a password");
  const key = environment.HUB_KEY || environment[ADMIN_TOKEN] || "";
  if (key === "") throw new UsageError(`--check: set HUB_KEY to a key of the hub, or ${ADMIN_TOKEN}`);
  if (!isKey(key)) throw new UsageError("HUB_KEY: expected a key, which has no blanks and only ASCII characters");
  return { check: url, key };
}

function parse(argv: readonly string[]) {
  const options = {
    "dry-run": { type: "boolean", default: false },
    check: { type: "string" },
    free: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  } as const;
  return parsedLine(argv, { options }).values;
}

async function run(task: Task, io: DeployIo): Promise<void> {
  if (task === "help") io.out(USAGE);
  else if ("check" in task) await check(task, io);
  else if (task.kind === "deploy") await deploy(io, task.free);
  else await rehearse(io, task.free);
}

async function check({ check: url, key }: { check: string; key: string }, io: DeployIo): Promise<void> {
  const interrupted = io.interruption();
  const name = randomBytes(NAME_BYTES).toString("hex");
  const wait = (ms: number, signal?: AbortSignal) => sleep(ms, undefined, signal === undefined ? {} : { signal });
  await checkHub({ url, key, out: io.out, interrupted, fetch, now: Date.now, wait }, name);
}

/** Goes on after a check that fails, so that one run says everything. Throws when something is wrong. */
async function rehearse(io: DeployIo, free: boolean): Promise<void> {
  const config = projectConfig(io);
  const { database, queues } = neededResources(config);
  io.out("Plan (nothing is changed):");
  io.out(`  create the D1 database ${database} unless it exists`);
  for (const queue of queues) io.out(`  create the queue ${queue} unless it exists`);
  io.out(`  apply migrations/ to ${database}`);
  io.out(free ? "  deploy the Worker, with FREE_PLAN" : "  deploy the Worker");
  io.out("Checks:");
  let problems = 0;
  const say = (findings: Finding[]) => {
    for (const finding of findings) io.out(findingLine(finding));
    problems += findings.filter(({ level }) => level === "wrong").length;
  };
  say(checkDeployment(await readCheckout(io.root, config, Date.now())));
  say(placeFindings(await prepare(io, DRY_RUN_ID)));
  say(await rehearsals(io, database));
  say(await bundleFindings(io, config, free));
  if (problems > 0) throw new Error(`${problems} ${problems === 1 ? "thing is" : "things are"} wrong, see above`);
  io.out("Nothing is wrong.");
}

/** Migrates databases of this machine by the same way as the account's: a new one, and those of earlier releases. */
async function rehearsals(io: DeployIo, database: string): Promise<Finding[]> {
  const all = await readMigrations(io.root);
  const findings: Finding[] = [];
  for (const [from, count] of Object.entries(RELEASES)) {
    const folder = join(io.root, "dist/rehearsal");
    await rm(folder, { recursive: true, force: true });
    const deps = { ...io, database, place: ["--local", "--persist-to", folder] } as const;
    const what = `SQL migrations, ${from}`;
    try {
      if (count > 0) await applyDeployed(all.slice(0, count), deps);
      const applied = await applyDeployed(all, deps);
      findings.push(ok(`${what}: ${applied.length} are applied`));
    } catch (error) {
      findings.push(wrong(`${what}: ${messageOf(error)}`));
    }
  }
  return findings;
}

/** Bundles the Worker, measures it and starts it. */
async function bundleFindings(io: DeployIo, config: DeployedConfig, free: boolean): Promise<Finding[]> {
  const folder = join(io.root, "dist/deploy");
  const bundle = join(io.root, "dist/worker.bundle");
  const profile = join(io.root, "dist/startup.cpuprofile");
  await Promise.all([folder, bundle, profile].map((path) => rm(path, { recursive: true, force: true })));
  await step(io, ["deploy", "--config", DEPLOY_CONFIG, "--dry-run", "--outdir", folder, "--outfile", bundle]);
  const size = sizeFinding(await bundleBytes(folder), free);
  const trouble = await trialStart({
    entry: join(folder, "index.js"),
    compatibilityDate: config.compatibility_date,
    compatibilityFlags: config.compatibility_flags,
    classes: config.durable_objects.bindings.map(({ class_name }) => class_name),
  });
  if (trouble !== null) return [size, { level: "wrong", text: `start-up: the Worker does not start: ${trouble}` }];
  const measure = ["check", "startup", "--config", DEPLOY_CONFIG, "--worker", bundle, "--outfile", profile];
  const { code, output } = await io.wrangler(measure, { capture: true });
  if (code !== 0) return [size, { level: "wrong", text: `start-up: it can't be measured\n${output.trim()}` }];
  return [size, startFinding(busyMs(await readProfile(profile)))];
}

async function deploy(io: DeployIo, free: boolean): Promise<void> {
  const config = projectConfig(io);
  const { database, queues } = neededResources(config);
  const id = (await databaseId(io, database)) ?? (await createDatabase(io, database, config.vars.HUB_REGION));
  for (const queue of queues) await createQueue(io, queue);
  const prepared = await prepare(io, id);
  for (const { text } of placeFindings(prepared)) io.out(text);
  if (await isFirst(io)) await write(io, withOneMigration(prepared, collapsedMigration(config.migrations)));
  const applied = await applyDeployed(await readMigrations(io.root), { ...io, database, place: ["--remote"] });
  io.out(applied.length === 0 ? "no migration is pending" : `applied ${applied.join(", ")}`);
  await step(io, ["deploy", "--config", DEPLOY_CONFIG, ...(free ? ["--var", "FREE_PLAN:true"] : [])]);
  const secrets = await io.wrangler(["secret", "list", "--config", DEPLOY_CONFIG], { capture: true });
  if (!secrets.output.includes(ADMIN_TOKEN)) {
    io.out(`The hub has no admin token yet: npx wrangler secret put ${ADMIN_TOKEN}`);
  }
}

/** Whether the account has no such Worker yet. What it says otherwise is for the deployment itself to say. */
async function isFirst(io: DeployIo): Promise<boolean> {
  const { code, output } = await io.wrangler(["deployments", "list", "--config", DEPLOY_CONFIG], { capture: true });
  return code !== 0 && /does not exist|\b(10007|10090)\b/i.test(output);
}

function projectConfig({ root }: DeployIo) {
  return readConfig({ config: join(root, "wrangler.toml") });
}

/** Writes the files that are deployed; returns the configuration. */
async function prepare(io: DeployIo, id: string): Promise<RawConfig> {
  await buildAssets({ root: io.root, target: join(io.root, "dist/assets") });
  const { rawConfig } = readRawConfig({ config: join(io.root, "wrangler.toml") });
  const raw = rawConfigSchema.safeParse(rawConfig);
  if (!raw.success) throw new Error(`wrangler.toml: ${z.prettifyError(raw.error)}`);
  return await write(io, deployConfig(raw.data, id));
}

async function write({ root }: DeployIo, config: RawConfig): Promise<RawConfig> {
  const target = join(root, DEPLOY_CONFIG);
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, `${JSON.stringify(config, null, 2)}\n`);
  return config;
}

function placeFindings({ placement, vars }: RawConfig): Finding[] {
  if (placement?.region !== undefined) return [ok(`placement: requests are answered near ${placement.region}`)];
  if (vars.HUB_REGION === undefined || placement !== undefined) return [];
  return [warn(`placement: nobody knows where HUB_REGION ${vars.HUB_REGION} is, so Cloudflare chooses all places`)];
}

async function databaseId(io: DeployIo, name: string): Promise<string | undefined> {
  const { code, output } = await io.wrangler(["d1", "list", "--json"], { capture: true });
  const list = output.slice(output.indexOf("["), output.lastIndexOf("]") + 1);
  if (code !== 0 || list === "") {
    const cure = /more than one account/i.test(output)
      ? "set CLOUDFLARE_ACCOUNT_ID to the account that the hub belongs to"
      : "run `npx wrangler login` or set CLOUDFLARE_API_TOKEN";
    throw new Error(`can't read the account: ${cure}\n${output.trim()}`);
  }
  return databasesSchema.parse(JSON.parse(list)).find((database) => database.name === name)?.uuid;
}

/** A database can be in fewer places than an object. */
function databaseRegion(region: unknown): string | undefined {
  const hint = typeof region === "string" ? locationHint(region) : null;
  return DATABASE_REGIONS.find((each) => each === hint || hint?.startsWith(`${each}-`));
}

/** `region`: where the hub is, the setting HUB_REGION. */
async function createDatabase(io: DeployIo, name: string, region: unknown): Promise<string> {
  const place = databaseRegion(region);
  await step(io, ["d1", "create", name, ...(place === undefined ? [] : ["--location", place])]);
  const id = await databaseId(io, name);
  if (id === undefined) throw new Error(`the database ${name} was created and is not listed; try again`);
  return id;
}

async function createQueue(io: DeployIo, name: string): Promise<void> {
  const { code, output } = await io.wrangler(["queues", "create", name], { capture: true });
  if (code === 0) io.out(`created the queue ${name}`);
  else if (!/already (taken|exists)/i.test(output)) throw new Error(`can't create the queue ${name}\n${output.trim()}`);
}

async function step(io: DeployIo, args: readonly string[]): Promise<void> {
  const { code } = await io.wrangler(args);
  if (code !== 0) throw new Error(`failed: wrangler ${args.join(" ")}`);
}
