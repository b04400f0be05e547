/** The commands and their flags. The help texts, the parser and the completion scripts are made from this table. */
import { STATUSES } from "../core/service/records.ts";

export interface Flag {
  /** Without the dashes. */
  name: string;
  short?: string;
  /** How the help names the flag's value; absent: the flag has no value. */
  value?: string;
  /** All values that the flag may have. */
  choices?: readonly string[];
  /** The value is the path of a file. */
  isFile?: boolean;
  text: string;
}

export interface Operand {
  name: string;
  choices?: readonly string[];
  isFile?: boolean;
}

export interface Command {
  name: string;
  operands: readonly Operand[];
  summary: string;
  flags: readonly Flag[];
  /** Exit codes and other things that the help says after the flags. */
  notes: string;
  /** Exit code for a wrong command line. */
  usageCode: number;
  /** The command parses its own arguments and has its own help. */
  isProgram: boolean;
}

const CONNECTION: readonly Flag[] = [
  { name: "hub", value: "URL", text: "the hub (or HUB_URL, or hub: in the configuration)" },
  {
    name: "config",
    value: "FILE",
    isFile: true,
    text: "the configuration (default ~/.config/commandcenter-hub/config.yaml)",
  },
];
export const HELP_FLAG: Flag = { name: "help", short: "h", text: "this text" };

const project: Flag = { name: "project", value: "P", text: "only this project, by name, or by id as id:7" };
const json: Flag = { name: "json", text: "print JSON" };

const KEY_NOTE =
  "The key comes from HUB_KEY or from key: in the configuration; a flag for it would show it to other users.";
const CODES = "It ends with 0 when it is done, 1 when it failed, 2 for a wrong command line.";

type Given = Pick<Command, "name" | "summary"> & Partial<Command>;

function hubCommand({ flags = [], notes = CODES, ...given }: Given): Command {
  const all = [...flags, ...CONNECTION, HELP_FLAG];
  return { operands: [], usageCode: 2, isProgram: false, ...given, flags: all, notes: `${KEY_NOTE}\n\n${notes}` };
}

function program(name: string, summary: string, flags: readonly Flag[]): Command {
  return {
    name,
    summary,
    operands: [],
    flags: [...flags, HELP_FLAG],
    notes: CODES,
    usageCode: 2,
    isProgram: true,
  };
}

export const COMMANDS: readonly Command[] = [
  hubCommand({
    name: "services",
    summary: "List services with their status",
    flags: [
      project,
      { name: "status", value: "S", choices: STATUSES, text: `only those that are ${STATUSES.join(", ")}` },
      { name: "tag", value: "T", text: "only those with this tag" },
      { name: "query", short: "q", value: "TEXT", text: "only those whose name or project contains the text" },
      json,
    ],
  }),
  hubCommand({
    name: "watch",
    summary: "Show what changes, until Ctrl-C",
    flags: [project, { name: "json", text: "print the frames of the hub as JSON lines" }],
    notes: `It reconnects when the connection is lost. ${CODES}`,
  }),
  hubCommand({
    name: "apply",
    operands: [{ name: "FILE", isFile: true }],
    summary: "Make a project's services those of a manifest (YAML or JSON)",
    usageCode: 64,
    flags: [
      {
        name: "project",
        value: "P",
        text: "the project, by name or as id:7 (or project: in the file); made when absent",
      },
      { name: "dry-run", text: "only show the plan" },
      { name: "yes", short: "y", text: "do not ask" },
      { name: "json", text: "print the plan as JSON" },
    ],
    notes:
      "The file has services: and may have project:. It may have several documents, each with its project:.\n\n" +
      "On a terminal it asks before it changes something. It ends with 0 when it is done, 1 when it failed, 64 for a\n" +
      "wrong command line. With --dry-run it ends with 0 when nothing would change and with 2 when something would.",
  }),
  hubCommand({
    name: "export",
    summary: "Print the manifests of the projects as YAML, for hub apply",
    flags: [project, json],
  }),
  hubCommand({
    name: "check",
    operands: [{ name: "SERVICE" }],
    summary: "Check a service now",
    flags: [json],
    notes:
      "SERVICE is a name, PROJECT/NAME, or an id as id:7.\n\n" +
      "It ends with 0 when the service is up or degraded, 1 when it is down or the check could not be made, 3 when its\n" +
      "status is unknown, 2 for a wrong command line. The status is the one after the check: a first failure need not\n" +
      "change it.",
  }),
  program("agent", "Check services inside a private network for a hub", [
    { name: "hub", value: "URL", text: "the hub" },
    { name: "name", value: "NAME", text: "the agent's name" },
    { name: "config", value: "FILE", isFile: true, text: "the commands that checks may name" },
    { name: "docker", value: "HOST", text: "the engine whose containers are registered" },
    { name: "no-docker", text: "follow no containers" },
    { name: "take-over", text: "take the name from another agent that has it" },
    { name: "state", value: "DIR", isFile: true, text: "folder for what waits" },
  ]),
  program("start", "Run a hub on this machine (needs the project's checkout)", [
    { name: "port", value: "N", text: "port to listen on" },
    { name: "host", value: "ADDRESS", text: "address to listen on" },
    { name: "state", value: "DIR", isFile: true, text: "folder for its data" },
    { name: "var", value: "NAME=VALUE", text: "a setting" },
    { name: "var-file", value: "FILE", isFile: true, text: "settings of a file, a line each" },
    { name: "restore", value: "FILE", isFile: true, text: "begin with what a backup has" },
    { name: "quiet", text: "no log lines" },
  ]),
  {
    name: "backup",
    operands: [{ name: "FILE", isFile: true }],
    summary: "Write a backup of a hub on this machine, also while it runs",
    flags: [
      { name: "state", value: "DIR", isFile: true, text: "the hub's state folder (default .hub)" },
      { name: "force", text: "replace FILE if it exists" },
      HELP_FLAG,
    ],
    notes:
      "FILE holds the database, the hub's private key and its admin token, so only its owner may read it (mode 600).\n" +
      `hub start --restore FILE makes a hub of it where none is.\n\n${CODES}`,
    usageCode: 2,
    isProgram: false,
  },
  {
    name: "completion",
    operands: [{ name: "SHELL", choices: ["bash", "zsh"] }],
    summary: "Print a completion script for bash or zsh",
    flags: [HELP_FLAG],
    notes: 'For bash: eval "$(hub completion bash)". For zsh, after compinit: eval "$(hub completion zsh)".',
    usageCode: 2,
    isProgram: false,
  },
];
