/** `npm run deploy`: creates the resources that the account lacks, applies migrations and deploys the Worker. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { unstable_readConfig as readConfig } from "wrangler";
import { z } from "zod";
import { messageOf } from "../node/error-message.ts";
import { buildAssets } from "./assets.ts";
import { DEPLOY_CONFIG, deployConfig, neededResources, type Resources } from "./deploy-config.ts";
import type { Wrangler } from "./wrangler-command.ts";

const USAGE = `Usage: npm run deploy -- [--dry-run]

Creates the database and queues that are missing in your Cloudflare account, applies migrations and deploys.

  --dry-run   says what it would do and bundles the Worker; needs no account`;
/** A dry run uses this id in place of the id of the database. */
const DRY_RUN_ID = "11111111-1111-1111-1111-111111111111";
const ADMIN_TOKEN = "HUB_ADMIN_TOKEN";
const databasesSchema = z.array(z.object({ name: z.string(), uuid: z.string() }));

interface DeployIo {
  /** The checkout. */
  root: string;
  wrangler: Wrangler;
  out(line: string): void;
  err(line: string): void;
}

/** Returns the exit code: 0 when all steps worked, 1 when a step failed, 2 for a wrong command line. */
export async function runDeploy(argv: readonly string[], io: DeployIo): Promise<number> {
  let dryRun: boolean;
  try {
    const options = {
      "dry-run": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    } as const;
    const { values } = parseArgs({ args: [...argv], options });
    if (values.help) {
      io.out(USAGE);
      return 0;
    }
    dryRun = values["dry-run"];
  } catch (error) {
    io.err(`${messageOf(error)}\n\n${USAGE}`);
    return 2;
  }
  try {
    await (dryRun ? rehearse(io) : deploy(io));
    return 0;
  } catch (error) {
    io.err(messageOf(error));
    return 1;
  }
}

async function rehearse(io: DeployIo): Promise<void> {
  const { database, queues } = await resources(io);
  io.out("Plan (nothing is changed):");
  io.out(`  create the D1 database ${database} unless it exists`);
  for (const queue of queues) io.out(`  create the queue ${queue} unless it exists`);
  io.out(`  apply migrations/ to ${database}`);
  io.out("  deploy the Worker");
  await prepare(io, DRY_RUN_ID);
  await step(io, ["deploy", "--config", DEPLOY_CONFIG, "--dry-run", "--outdir", "dist/deploy"]);
}

async function deploy(io: DeployIo): Promise<void> {
  const { database, queues } = await resources(io);
  const id = (await databaseId(io, database)) ?? (await createDatabase(io, database));
  for (const queue of queues) await createQueue(io, queue);
  await prepare(io, id);
  await step(io, ["d1", "migrations", "apply", database, "--remote", "--config", DEPLOY_CONFIG]);
  await step(io, ["deploy", "--config", DEPLOY_CONFIG]);
  const secrets = await io.wrangler(["secret", "list", "--config", DEPLOY_CONFIG], { capture: true });
  if (!secrets.output.includes(ADMIN_TOKEN)) {
    io.out(`The hub has no admin token yet: npx wrangler secret put ${ADMIN_TOKEN}`);
  }
}

async function resources({ root }: DeployIo): Promise<Resources> {
  return neededResources(readConfig({ config: join(root, "wrangler.toml") }));
}

/** Writes the files that are deployed. */
async function prepare({ root }: DeployIo, id: string): Promise<void> {
  await buildAssets({ root, target: join(root, "dist/assets") });
  const target = join(root, DEPLOY_CONFIG);
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, deployConfig(await readFile(join(root, "wrangler.toml"), "utf8"), id));
}

async function databaseId(io: DeployIo, name: string): Promise<string | undefined> {
  const { code, output } = await io.wrangler(["d1", "list", "--json"], { capture: true });
  const list = output.slice(output.indexOf("["), output.lastIndexOf("]") + 1);
  if (code !== 0 || list === "") {
    throw new Error(`can't read the account: run \`npx wrangler login\` or set CLOUDFLARE_API_TOKEN\n${output.trim()}`);
  }
  return databasesSchema.parse(JSON.parse(list)).find((database) => database.name === name)?.uuid;
}

async function createDatabase(io: DeployIo, name: string): Promise<string> {
  await step(io, ["d1", "create", name]);
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
