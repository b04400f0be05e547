/** The `hub` command: finds the command, loads it, and turns what it throws into a text and an exit code. */
import packageJson from "../../package.json" with { type: "json" };
import { UsageError } from "../node/command-line.ts";
import { type CommandLine, parseCommandLine } from "./command-line.ts";
import { COMMANDS, type Command } from "./command-table.ts";
import { commandHelp, generalHelp, usageLine } from "./help.ts";
import { EXIT, type HubIo } from "./hub-io.ts";
import { processOutput } from "./output.ts";

const HELP = ["--help", "-h"];

type Runner = (line: CommandLine, io: HubIo) => Promise<number>;

/** Only the command that runs is loaded, so that each starts fast. */
const RUNNERS: Readonly<Record<string, () => Promise<Runner>>> = {
  services: async () => (await import("./services.ts")).services,
  watch: async () => (await import("./watch.ts")).watch,
  apply: async () => (await import("./apply.ts")).apply,
  export: async () => (await import("./export.ts")).exportManifests,
  check: async () => (await import("./check.ts")).check,
  backup: async () => (await import("./backup.ts")).backup,
  completion: async () => completion,
};

/**
 * Runs the command in this process. It prints to stdout and stderr itself, and returns the exit code only when the
 * readers have taken everything: the process may then end at once.
 */
export async function runHub(argv: readonly string[], io: Omit<HubIo, "out" | "err">): Promise<number> {
  const command = COMMANDS.find(({ name }) => name === argv[0]);
  const { out, err, readerGone, flushed } = processOutput(
    command?.isProgram === true && !argv.some((each) => HELP.includes(each)),
  );
  // A command that only shows what happens has nothing to do when nobody looks.
  const stopped = command?.name === "watch" ? Promise.race([io.stopped, readerGone]) : io.stopped;
  const code = await runCommandLine(argv, { ...io, stopped, out, err });
  await flushed();
  return code;
}

/** `argv`: the arguments after `hub`. Returns the exit code. */
export async function runCommandLine(argv: readonly string[], io: HubIo): Promise<number> {
  const [name, ...rest] = argv;
  if (name === "--help" || name === "-h" || name === "help") return say(generalHelp(), io);
  if (name === "--version") return say(packageJson.version, io);
  const command = COMMANDS.find((each) => each.name === name);
  if (command === undefined) {
    if (name !== undefined) io.err(`there is no command ${JSON.stringify(name)}\n`);
    io.err(generalHelp());
    return EXIT.usage;
  }
  return command.isProgram ? await runProgram(command, rest, io) : await runCommand(command, rest, io);
}

async function runProgram({ name }: Command, argv: readonly string[], io: HubIo): Promise<number> {
  if (name === "start") return await (await import("./start.ts")).start(argv, io);
  return await (await import("../agent/run-agent.ts")).runAgent(argv, io);
}

async function runCommand(command: Command, argv: readonly string[], io: HubIo): Promise<number> {
  try {
    const line = parseCommandLine(command, argv);
    if (line.has("help")) return say(commandHelp(command), io);
    const run = await RUNNERS[command.name]?.();
    return run === undefined ? EXIT.failed : await run(line, io);
  } catch (error) {
    if (error instanceof UsageError) {
      io.err(`${error.message}\n${usageLine(command)}; hub ${command.name} --help says more`);
      return command.usageCode;
    }
    const { failureText } = await import("./failure.ts");
    io.err(failureText(error));
    return EXIT.failed;
  }
}

async function completion(line: CommandLine, io: HubIo): Promise<number> {
  const { bashCompletion, zshCompletion } = await import("./completion.ts");
  return say(line.operands[0] === "zsh" ? zshCompletion() : bashCompletion(), io);
}

function say(text: string, io: HubIo): number {
  io.out(text);
  return EXIT.done;
}
