/** Checks a deployment as far as that needs no account, for `npm run deploy -- --dry-run`. Every check is pure. */
import type { BindingKind } from "../../core/hub/binding-kinds.ts";
import { parseSettings } from "../../core/hub/settings.ts";
import { messageOf } from "../../core/values/error-message.ts";
import { bindingFindings } from "./bindings.ts";
import type { DeployedConfig } from "./config.ts";
import { type Finding, ok, orFine, warn, wrong } from "./finding.ts";
import { objectFindings } from "./objects.ts";
import { queueFindings } from "./queues.ts";

export interface Checkout {
  /** The bindings that the code declares. */
  declared: ReadonlyMap<string, BindingKind>;
  config: DeployedConfig;
  /** The names that the entry of the Worker exports. */
  exported: readonly string[];
  /** The files of the folder of SQL migrations. */
  migrationFiles: readonly string[];
  /** The date of today in UTC, as `2026-10-01`. */
  today: string;
}

/** `ctx.exports` needs no flag from this date on. The objects that probe use it. */
const OLDEST_DATE = "2025-11-17";
const NEEDED_FLAGS: Readonly<Record<string, string>> = {
  nodejs_compat: "the Worker was tested with it only",
  global_fetch_strictly_public: "the hub can't check itself or other hosts of its own zone without it",
};
const EVERY_MINUTE = "* * * * *";
const MIB = 1_024 * 1_024;
/** The limit of Workers for a script, and that of the free plan: https://developers.cloudflare.com/workers/platform/limits/ */
const BUNDLE_BYTES = 64 * MIB;
const FREE_BUNDLE_BYTES = 3 * MIB;
/** The limit of Workers for the start of a script. */
const START_LIMIT_MS = 1_000;
/** The processors of the edge may be slower than this machine. */
const START_WARN_MS = 400;

export function checkDeployment(checkout: Checkout): Finding[] {
  const { config, exported } = checkout;
  return [
    dateFinding(config.compatibility_date, checkout.today),
    ...flagFindings(config.compatibility_flags),
    settingsFinding(config.vars),
    cronFinding(config.triggers.crons ?? []),
    ...bindingFindings(config, checkout.declared),
    ...objectFindings(config, exported),
    ...queueFindings(config.queues),
    ...sqlMigrationFindings(checkout.migrationFiles),
  ];
}

export function dateFinding(date: string | undefined, today: string): Finding {
  if (date === undefined) return wrong(`compatibility date: missing; set one between ${OLDEST_DATE} and today`);
  if (date < OLDEST_DATE)
    return wrong(`compatibility date: ${date} is too old; the Worker needs ${OLDEST_DATE} or later`);
  if (date > today) return wrong(`compatibility date: ${date} is in the future; Cloudflare refuses it`);
  return ok(`compatibility date: ${date}`);
}

export function flagFindings(flags: readonly string[]): Finding[] {
  const missing = Object.entries(NEEDED_FLAGS).filter(([flag]) => !flags.includes(flag));
  return orFine(
    missing.map(([flag, why]) => wrong(`compatibility flags: ${flag} is missing; ${why}`)),
    `compatibility flags: ${flags.join(", ")}`,
  );
}

function settingsFinding(vars: object): Finding {
  try {
    parseSettings(vars);
    return ok("settings: [vars] is valid");
  } catch (error) {
    return wrong(messageOf(error));
  }
}

function cronFinding(crons: readonly string[]): Finding {
  if (crons.includes(EVERY_MINUTE)) return ok("cron: each minute");
  return wrong(`cron: expected "${EVERY_MINUTE}" in [triggers]; nothing is checked without it`);
}

/** The files are numbered from 0001 on: a gap is a file that was not committed, a repeat has no certain order. */
export function sqlMigrationFindings(files: readonly string[]): Finding[] {
  const sql = files.filter((name) => name.endsWith(".sql")).sort();
  if (sql.length === 0) return [wrong("SQL migrations: there is no file")];
  const numbers = sql.map((name) => Number(/^(\d{4})_\w+\.sql$/.exec(name)?.[1]));
  const unnumbered = sql.filter((_name, index) => Number.isNaN(numbers[index]));
  if (unnumbered.length > 0) return unnumbered.map((name) => wrong(`SQL migration ${name}: expected NNNN_name.sql`));
  const last = Math.max(...numbers);
  const problems = Array.from({ length: last }, (_, index) => index + 1).flatMap((number) => {
    const count = numbers.filter((each) => each === number).length;
    if (count === 1) return [];
    const padded = String(number).padStart(4, "0");
    return [wrong(`SQL migration ${padded}: ${count === 0 ? "missing" : `there are ${count} with this number`}`)];
  });
  return orFine(problems, `SQL migrations: ${sql.length}, numbered without gaps`);
}

/** `bytes`: the size of the uploaded modules after gzip. `free`: whether the Worker is for the free plan. */
export function sizeFinding(bytes: number, free = false): Finding {
  const limit = free ? FREE_BUNDLE_BYTES : BUNDLE_BYTES;
  const size = `bundle: ${(bytes / MIB).toFixed(2)} MiB after gzip`;
  if (bytes > limit) return wrong(`${size}; the limit is ${limit / MIB} MiB`);
  return ok(`${size} of ${limit / MIB}`);
}

/** `ms`: time that the Worker needs to start on this machine, which may be busy; so it is never wrong. */
export function startFinding(ms: number): Finding {
  const text = `start-up: ${Math.round(ms)} ms on this machine`;
  return ms > START_WARN_MS ? warn(`${text}; the limit at the edge is ${START_LIMIT_MS} ms`) : ok(text);
}

/** The part of a V8 CPU profile that tells how long the processor was busy. */
export interface CpuProfile {
  nodes: { id: number; callFrame: { functionName: string } }[];
  /** The node of each sample. */
  samples: number[];
  /** Microseconds before each sample. */
  timeDeltas: number[];
}

/** Returns milliseconds: all samples but the idle ones. */
export function busyMs({ nodes, samples, timeDeltas }: CpuProfile): number {
  const idle = new Set(nodes.filter(({ callFrame }) => callFrame.functionName === "(idle)").map(({ id }) => id));
  const busy = timeDeltas.filter((_delta, index) => !idle.has(samples[index] ?? -1));
  return busy.reduce((sum, delta) => sum + delta, 0) / 1_000;
}
