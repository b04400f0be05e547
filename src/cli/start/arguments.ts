/** The command line of `npm start`. */
import { parsedLine, UsageError } from "../../node/command-line.ts";

const DEFAULT_PORT = "8787";
const DEFAULT_HOST = "127.0.0.1";
const MAX_PORT = 65_535;
const VARIABLE = /^([A-Z][A-Z0-9_]*)=(.*)$/s;

export const START_USAGE = `Usage: npm start -- [options]

Runs a CommandCenter Hub on this machine.

  --port N           port to listen on (default: PORT, or ${DEFAULT_PORT}; 0 takes a free one)
  --host ADDRESS     address to listen on (default: HOST, or 127.0.0.1; 0.0.0.0 for all of this machine)
  --state DIR        folder that keeps its data (default .hub)
  --var NAME=VALUE   a setting, may be repeated; wins over the environment variable NAME. Everybody on this machine can
                     read it in the list of processes, so give secrets in another way
  --var-file FILE    lines NAME=VALUE, may be repeated; a file that others can read is refused (chmod 600 FILE)
  --restore FILE     begins with what a backup has (hub backup FILE); only where DIR has no hub yet
  --quiet            no log lines, only the line that says it is ready
  --help             this text`;

export interface StartArguments {
  port: number;
  host: string;
  /** The path as given. It may be relative to the working directory. */
  state: string;
  vars: ReadonlyMap<string, string>;
  /** Files with further settings; `vars` win. */
  varFiles: readonly string[];
  /** The path of a backup; null: the hub starts with what the folder has. */
  restore: string | null;
  quiet: boolean;
  help: boolean;
}

interface ListenVariables {
  HOST?: string | undefined;
  PORT?: string | undefined;
}

/**
 * Flags win over the environment variables HOST and PORT; an empty one counts as not set. Throws a UsageError for an
 * unknown flag or a wrong value.
 */
export function parseStartArguments(argv: readonly string[], { HOST, PORT }: ListenVariables = {}): StartArguments {
  const { values } = parse(argv);
  if (values.state === "") throw new UsageError("--state: expected a folder");
  if (values.restore === "") throw new UsageError("--restore: expected a file");
  if (values.host === "") throw new UsageError("--host: expected an address");
  return {
    port: values.port === undefined ? parsePort(PORT || DEFAULT_PORT, "PORT") : parsePort(values.port, "--port"),
    host: values.host ?? (HOST || DEFAULT_HOST),
    state: values.state,
    vars: parseVariables(values.var),
    varFiles: values["var-file"],
    restore: values.restore ?? null,
    quiet: values.quiet,
    help: values.help,
  };
}

function parse(argv: readonly string[]) {
  return parsedLine(argv, {
    options: {
      port: { type: "string" },
      host: { type: "string" },
      state: { type: "string", default: ".hub" },
      var: { type: "string", multiple: true, default: [] },
      "var-file": { type: "string", multiple: true, default: [] },
      restore: { type: "string" },
      quiet: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
}

/** `name`: who said it. */
function parsePort(text: string, name: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= MAX_PORT) return port;
  throw new UsageError(`${name}: expected a number from 0 to ${MAX_PORT}, not "${text}"`);
}

/** The value may be a secret, so an error shows only the part before "=". */
function parseVariables(pairs: readonly string[]): Map<string, string> {
  const vars = new Map<string, string>();
  for (const pair of pairs) {
    const [, name, value] = VARIABLE.exec(pair) ?? [];
    if (name === undefined || value === undefined) {
      throw new UsageError(`--var: expected NAME=VALUE, not "${pair.split("=")[0]}…"`);
    }
    vars.set(name, value);
  }
  return vars;
}
