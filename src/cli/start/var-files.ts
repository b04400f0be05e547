/** Settings that come in files, so that they stand in no command line. */
import { readFileSync, statSync } from "node:fs";
import { messageOf } from "../../core/values/error-message.ts";
import { UsageError } from "../../node/command-line.ts";

const LINE = /^\s*([A-Z][A-Z0-9_]*)=(.*)$/;
/** Reading for all, writing for the group or all. */
const OPEN = 0o026;
const SECRET = /^(HUB_ADMIN_TOKEN|FEDERATION_TOKEN|NATS_TOKEN|NATS_PASSWORD|NATS_CREDS|PROBE_SECRET_[A-Z0-9_]+)$/;

/** Of a name in several files, the last value counts. Throws a UsageError, which shows no value. */
export function readVarFiles(files: readonly string[]): Map<string, string> {
  return new Map(files.flatMap((file) => variablesIn(readPrivate(file), file)));
}

/** A line for each secret of the command line. */
export function warningsOf(flags: ReadonlyMap<string, string>): string[] {
  return [...flags].filter(isSecret).map(([name]) => {
    return `--var ${name}: everybody on this machine can read it in the list of processes; use --var-file or the environment`;
  });
}

function isSecret([name, value]: [string, string]): boolean {
  if (/^PROBE_SECRET_.*_HOSTS$/.test(name)) return false;
  return SECRET.test(name) || (name === "NATS_URL" && /\/\/[^/]*@/.test(value));
}

function readPrivate(file: string): string {
  try {
    const mode = statSync(file).mode & 0o777;
    if ((mode & OPEN) === 0) return readFileSync(file, "utf8");
    throw new Error(`others can read or change it (mode ${mode.toString(8)}): chmod 600 ${file}`);
  } catch (error) {
    throw new UsageError(`--var-file ${file}: ${messageOf(error)}`);
  }
}

/** Empty lines and those that begin with # say nothing. */
function variablesIn(text: string, file: string): [name: string, value: string][] {
  return text.split(/\r?\n/).flatMap((line, index): [string, string][] => {
    if (/^\s*(#|$)/.test(line)) return [];
    const [, name, value] = LINE.exec(line) ?? [];
    if (name === undefined || value === undefined) {
      throw new UsageError(`--var-file ${file}: line ${index + 1}: expected NAME=VALUE`);
    }
    return [[name, value]];
  });
}
