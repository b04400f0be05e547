/** What `npm run deploy -- --dry-run` can tell about a deployment without an account. Every check is pure. */
import { parseSettings } from "../core/settings.ts";
import { messageOf } from "../node/error-message.ts";

/** `warn` deserves a look, and does not make the dry run fail. */
type Level = "ok" | "warn" | "wrong";

export interface Finding {
  level: Level;
  /** The text begins with what was checked. */
  text: string;
}

interface ObjectMigration {
  tag: string;
  new_classes?: string[] | undefined;
  new_sqlite_classes?: string[] | undefined;
  renamed_classes?: { from: string; to: string }[] | undefined;
  deleted_classes?: string[] | undefined;
}

interface QueueConsumer {
  queue: string;
  dead_letter_queue?: string | undefined;
}

/** The part of wrangler.toml that is checked, as wrangler reads it. */
export interface DeployedConfig {
  compatibility_date?: string | undefined;
  compatibility_flags: string[];
  vars: object;
  triggers: { crons?: string[] | undefined };
  d1_databases: { binding: string }[];
  durable_objects: { bindings: { name: string; class_name: string }[] };
  queues: { producers?: { binding: string; queue: string }[] | undefined; consumers?: QueueConsumer[] | undefined };
  ratelimits: { name: string }[];
  migrations: ObjectMigration[];
}

export interface Checkout {
  config: DeployedConfig;
  /** The text of the file that declares the interface `Bindings`. */
  bindingsSource: string;
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
/** The consumer knows its queues by the ends of their names. */
const QUEUE_ENDINGS = ["-probes", "-outcomes", "-dead"];

const MIB = 1_024 * 1_024;
/** The limits of Workers for a script after gzip. */
const FREE_PLAN_BYTES = 3 * MIB;
const PAID_PLAN_BYTES = 10 * MIB;
/** The limit of Workers for the start of a script. */
const START_LIMIT_MS = 1_000;
/** The processors of the edge may be slower than this machine. */
const START_WARN_MS = 400;

const ok = (text: string): Finding => ({ level: "ok", text });
const warn = (text: string): Finding => ({ level: "warn", text });
const wrong = (text: string): Finding => ({ level: "wrong", text });

/** Returns what is wrong; or the one finding `fine` when nothing is. */
const orFine = (findings: Finding[], fine: string): Finding[] => (findings.length === 0 ? [ok(fine)] : findings);

export function checkDeployment(checkout: Checkout): Finding[] {
  const { config, exported } = checkout;
  return [
    dateFinding(config.compatibility_date, checkout.today),
    ...flagFindings(config.compatibility_flags),
    settingsFinding(config.vars),
    cronFinding(config.triggers.crons ?? []),
    ...bindingFindings(config, declaredBindings(checkout.bindingsSource)),
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

const KINDS = {
  D1Database: "D1 database",
  Queue: "queue",
  DurableObjectNamespace: "Durable Object",
  RateLimit: "rate limit",
} as const;
type Kind = (typeof KINDS)[keyof typeof KINDS];

/** Returns the kind of each binding of the interface `Bindings`; null: a type that this check does not know. */
export function declaredBindings(source: string): Map<string, Kind | null> {
  const body = /export interface Bindings \{([^}]*)\}/.exec(source)?.[1] ?? "";
  const kinds = new Map<string, Kind>(Object.entries(KINDS));
  const members = body.matchAll(/^\s*(\w+)\??: (\w+)/gm);
  return new Map([...members].map(([, name = "", type = ""]) => [name, kinds.get(type) ?? null]));
}

/** Compares in both directions. */
export function bindingFindings(config: DeployedConfig, declared: ReadonlyMap<string, Kind | null>): Finding[] {
  if (declared.size === 0) return [wrong("bindings: the interface Bindings was not found")];
  const bound = boundBindings(config);
  const names = bound.map(([name]) => name);
  const repeated = names.filter((name, index) => names.indexOf(name) !== index);
  const problems = [
    ...repeated.map((name) => wrong(`binding ${name}: wrangler.toml has it twice`)),
    ...bound.flatMap(([name, kind]) => boundProblem(name, kind, declared)),
    ...[...declared].filter(([name]) => !names.includes(name)).map(([name, kind]) => unboundProblem(name, kind)),
  ];
  return orFine(problems, `bindings: all ${declared.size} as the code declares them`);
}

function boundProblem(name: string, kind: Kind, declared: ReadonlyMap<string, Kind | null>): Finding[] {
  const expected = declared.get(name);
  if (expected === kind) return [];
  if (expected === undefined) return [wrong(`binding ${name}: wrangler.toml has this ${kind}, and Bindings lacks it`)];
  return [
    wrong(`binding ${name}: a ${kind} in wrangler.toml, and a ${expected ?? "type of another kind"} in Bindings`),
  ];
}

function unboundProblem(name: string, kind: Kind | null): Finding {
  return wrong(`binding ${name}: Bindings declares it (${kind ?? "of an unknown kind"}), and wrangler.toml lacks it`);
}

function boundBindings(config: DeployedConfig): [name: string, kind: Kind][] {
  return [
    ...config.d1_databases.map(({ binding }) => [binding, KINDS.D1Database] as [string, Kind]),
    ...(config.queues.producers ?? []).map(({ binding }) => [binding, KINDS.Queue] as [string, Kind]),
    ...config.durable_objects.bindings.map(({ name }) => [name, KINDS.DurableObjectNamespace] as [string, Kind]),
    ...config.ratelimits.map(({ name }) => [name, KINDS.RateLimit] as [string, Kind]),
  ];
}

/** Each class that is bound is exported and created; each class that is deleted is bound no longer. */
export function objectFindings(
  { durable_objects, migrations }: Pick<DeployedConfig, "durable_objects" | "migrations">,
  exported: readonly string[],
): Finding[] {
  const bound = new Set(durable_objects.bindings.map(({ class_name }) => class_name));
  const { live, deletedBy, problems } = migrated(migrations);
  for (const name of bound) {
    const tag = deletedBy.get(name);
    if (!exported.includes(name)) problems.push(`class ${name}: the entry of the Worker does not export it`);
    if (tag !== undefined) problems.push(`class ${name}: migration ${tag} deletes it, and it is still bound`);
    else if (!live.has(name)) problems.push(`class ${name}: no migration creates it`);
  }
  const unbound = [...live].filter((name) => !bound.has(name));
  return [
    ...orFine(problems.map(wrong), `Durable Objects: all ${bound.size} classes are exported and created`),
    ...unbound.map((name) => warn(`class ${name}: it is not bound, and no migration deletes its objects`)),
  ];
}

/** Follows the migrations in their order, as Cloudflare does. `deletedBy`: the tag, by class. */
function migrated(migrations: readonly ObjectMigration[]) {
  const live = new Set<string>();
  const deletedBy = new Map<string, string>();
  const tags = new Set<string>();
  const problems: string[] = [];
  const create = (name: string, tag: string) => {
    if (live.has(name)) problems.push(`class ${name}: migration ${tag} creates it again`);
    live.add(name);
    deletedBy.delete(name);
  };
  const end = (name: string, tag: string, what: string) => {
    if (!live.delete(name))
      problems.push(`class ${name}: migration ${tag} ${what} it, and no migration before creates it`);
  };
  for (const { tag, ...step } of migrations) {
    if (tags.has(tag)) problems.push(`migration ${tag}: there are two with this tag`);
    tags.add(tag);
    for (const name of [...(step.new_classes ?? []), ...(step.new_sqlite_classes ?? [])]) create(name, tag);
    for (const { from, to } of step.renamed_classes ?? []) {
      end(from, tag, "renames");
      create(to, tag);
    }
    for (const name of step.deleted_classes ?? []) {
      end(name, tag, "deletes");
      deletedBy.set(name, tag);
    }
  }
  return { live, deletedBy, problems };
}

/** Each queue is filled, consumed once, and has a dead-letter queue that is consumed too. */
export function queueFindings({ producers = [], consumers = [] }: DeployedConfig["queues"]): Finding[] {
  const consumed = consumers.map(({ queue }) => queue);
  const filled = producers.map(({ queue }) => queue);
  const dead = consumers.flatMap(({ dead_letter_queue }) => dead_letter_queue ?? []);
  const problems = [
    ...[...new Set(filled)]
      .filter((queue) => !consumed.includes(queue))
      .map((queue) => `queue ${queue}: nothing consumes it`),
    ...consumers.flatMap(({ queue, dead_letter_queue }, index) => [
      ...(consumed.indexOf(queue) === index ? [] : [`queue ${queue}: it has two consumers`]),
      ...(filled.includes(queue) || dead.includes(queue)
        ? []
        : [`queue ${queue}: no producer fills it, and it is the dead-letter queue of none`]),
      ...(QUEUE_ENDINGS.some((ending) => queue.endsWith(ending))
        ? []
        : [`queue ${queue}: the Worker knows queues that end with ${QUEUE_ENDINGS.join(", ")}`]),
      ...deadLetterProblems(queue, dead_letter_queue, consumed, filled),
    ]),
  ];
  return orFine(
    problems.map(wrong),
    `queues: all ${consumed.length} are filled and consumed; ${dead.length} are for dead letters`,
  );
}

/** A queue that only has dead letters needs no dead-letter queue. */
function deadLetterProblems(
  queue: string,
  target: string | undefined,
  consumed: readonly string[],
  filled: readonly string[],
): string[] {
  if (target === undefined) {
    return filled.includes(queue)
      ? [`queue ${queue}: it has no dead-letter queue, so messages that fail are lost`]
      : [];
  }
  if (target === queue) return [`queue ${queue}: it is its own dead-letter queue`];
  return consumed.includes(target)
    ? []
    : [`queue ${target}: it has the dead letters of ${queue}, and nothing consumes it`];
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

/** `bytes`: the size of the uploaded modules after gzip. */
export function sizeFinding(bytes: number): Finding {
  const size = `bundle: ${(bytes / MIB).toFixed(2)} MiB after gzip`;
  if (bytes > PAID_PLAN_BYTES) return wrong(`${size}; the limit is ${PAID_PLAN_BYTES / MIB} MiB`);
  if (bytes > FREE_PLAN_BYTES) {
    return warn(`${size}; the paid plan takes ${PAID_PLAN_BYTES / MIB} MiB, the free plan ${FREE_PLAN_BYTES / MIB}`);
  }
  return ok(`${size} of ${PAID_PLAN_BYTES / MIB}`);
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

const MARKS: Record<Level, string> = { ok: "ok   ", warn: "warn ", wrong: "WRONG" };

export function findingLine({ level, text }: Finding): string {
  return `  ${MARKS[level]}  ${text}`;
}
