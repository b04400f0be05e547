/** `npm start`: runs a hub on this machine, from reading the command line until its last process has ended. */

import { join } from "node:path";
import type { Clock } from "../../core/time/clock.ts";
import { messageOf } from "../../core/values/error-message.ts";
import { UsageError } from "../../node/command-line.ts";
import { type BuildPlace, openBuildCache } from "../build/build-cache.ts";
import { outputFolder } from "../build/output-folder.ts";
import { unknownMigrations } from "./applied-migrations.ts";
import { parseStartArguments, START_USAGE, type StartArguments } from "./arguments.ts";
import type { RunningHub } from "./launch.ts";
import type { Migration } from "./migrations.ts";
import { claimPort } from "./port.ts";
import { readProjectOnce } from "./prepare.ts";
import { type Environment, givenSettings, validateSettings } from "./settings.ts";
import { noteHubId, openStateFolder, type StateFolder, storedAdminToken } from "./state-folder.ts";
import { readVarFiles, warningsOf } from "./var-files.ts";
import { type WorkerOptions, withAssetsIn } from "./worker-options.ts";
import { endLeftoverRuntime } from "./workerd.ts";

const LOCAL_PRESETS = { ALLOW_PRIVATE_TARGETS: "true", PROBE_SECRETS_ANYWHERE: "true", LOCAL_QUEUES: "true" };

/** A Worker that is built from another entry module. */
export interface ReplacementWorker {
  /** The entry module, an absolute path. */
  source: string;
  bindings: Readonly<Record<string, string>>;
  builds: BuildPlace;
  /** Changes the options that wrangler.toml gives it. */
  worker(options: WorkerOptions): WorkerOptions;
}

export interface StartIo {
  clock: Clock;
  /** Runs in place of the Worker of the checkout; only tests have it. */
  replacement?: ReplacementWorker | undefined;
  environment: Environment;
  /** The checkout. */
  root: string;
  out(line: string): void;
  err(line: string): void;
  /** Called when the hub runs. */
  ready?(hub: RunningHub): void;
  /** Resolves when the hub is asked to stop. */
  stopped: Promise<unknown>;
}

/** Returns the exit code: 0 when the hub has stopped on request, 1 when it cannot run, 2 for a wrong command line. */
export async function runStart(argv: readonly string[], io: StartIo): Promise<number> {
  try {
    const args = parseStartArguments(argv, io.environment);
    if (args.help) io.out(START_USAGE);
    else await runHub(args, io);
    return 0;
  } catch (error) {
    io.err(messageOf(error));
    if (!(error instanceof UsageError)) return 1;
    io.err(`\n${START_USAGE}`);
    return 2;
  }
}

/** The name by which a hub that listens on this address answers on this machine, for a URL. */
export function reachableName(host: string): string {
  if (["127.0.0.1", "0.0.0.0", "::"].includes(host)) return "localhost";
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}

const unchanged = (options: WorkerOptions) => options;

async function runHub(args: StartArguments, io: StartIo): Promise<void> {
  const flags = new Map([...readVarFiles(args.varFiles), ...args.vars]);
  const given = givenSettings({ environment: io.environment, flags });
  for (const line of warningsOf(args.vars)) io.err(line);
  const { source, bindings = {}, builds, worker = unchanged } = io.replacement ?? {};
  const output = await outputFolder(io.root, args.state);
  const cache = await openBuildCache(io.root, io.environment, builds, output);
  const isNew = (await cache.project()) === undefined;
  if (isNew && !args.quiet) io.out("building the hub, which takes up to a minute after a change of its sources …");
  // Miniflare loads slowly, so this process loads it while another process reads the project.
  const [checkout, { launch }] = await Promise.all([readProjectOnce(io.root, cache), import("./launch.ts")]);
  const project = {
    ...checkout,
    source: source ?? checkout.source,
    worker: withAssetsIn(join(output, "assets"), worker(checkout.worker)),
  };
  validateSettings({ ...project.worker.bindings, ...LOCAL_PRESETS, ...given });
  const state = await openStateFolder(args.state, io.err);
  try {
    await endLeftoverRuntime(state.path);
    await refuseNewer(state, project.migrations);
    const port = await claimPort(args.port, args.host);
    const url = `http://${reachableName(args.host)}:${port}`;
    const hubId = String({ ...project.worker.bindings, ...given }.HUB_ID);
    if (args.restore !== null) {
      const { restore } = await import("./restore.ts");
      await restore(args.restore, { state: state.path, project, hubId, io });
    }
    await noteHubId(state.path, hubId);
    const token = given.HUB_ADMIN_TOKEN ?? (await storedAdminToken(state.path));
    const vars = {
      ...bindings,
      ...LOCAL_PRESETS,
      HUB_STARTED_AT: String(io.clock.now()),
      HUB_URL: url,
      ...given,
      HUB_ADMIN_TOKEN: token,
    };
    const log = args.quiet ? () => {} : io.out;
    const place = { root: io.root, state, port, host: args.host };
    const hub = await launch({ ...place, clock: io.clock, project, cache, vars, log, err: io.err });
    // Logs keep what a service prints, and more people may read them than its settings.
    const shown = given.HUB_ADMIN_TOKEN === undefined ? token : "as in HUB_ADMIN_TOKEN";
    io.out(`CommandCenter Hub ready at ${url}  admin token: ${shown}`);
    io.ready?.(hub);
    await io.stopped;
    await hub.stop();
  } finally {
    state.release();
  }
}

/** A database that a newer version has migrated means other things than this version takes it for. */
async function refuseNewer({ path, data }: StateFolder, migrations: readonly Migration[]): Promise<void> {
  const [name] = await unknownMigrations(data, migrations);
  if (name === undefined) return;
  throw new Error(
    `a newer version of the hub has used ${path} (its migration ${name} is not known here): start that version again, or ` +
      "begin with a backup of before the upgrade in another folder (--state DIR --restore FILE)",
  );
}
