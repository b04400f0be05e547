/** Parses the command line of one command by the table. */
import { parsedLine, UsageError } from "../node/command-line.ts";
import type { Command, Flag, Operand } from "./command-table.ts";

export interface CommandLine {
  /** The value of a flag that takes one; undefined when it is absent. */
  text(flag: string): string | undefined;
  has(flag: string): boolean;
  /** As many as the command has. */
  operands: readonly string[];
}

/** Throws a UsageError. */
export function parseCommandLine(command: Command, argv: readonly string[]): CommandLine {
  const { values, positionals } = parse(command, argv);
  const line: CommandLine = {
    text(flag) {
      const value = values[flag];
      return typeof value === "string" ? value : undefined;
    },
    has: (flag) => values[flag] === true,
    operands: positionals,
  };
  if (line.has("help")) return line;
  for (const flag of command.flags) requireChoice(`--${flag.name}`, flag, line.text(flag.name));
  if (positionals.length !== command.operands.length) throw new UsageError(operandsText(command));
  command.operands.forEach((operand, index) => {
    requireChoice(operand.name, operand, positionals[index]);
  });
  return line;
}

function parse(command: Command, argv: readonly string[]) {
  const options = Object.fromEntries(command.flags.map((flag) => [flag.name, optionOf(flag)]));
  return parsedLine(argv, { allowPositionals: true, options });
}

function optionOf({ value, short }: Flag) {
  const type = value === undefined ? ("boolean" as const) : ("string" as const);
  return short === undefined ? { type } : { type, short };
}

function requireChoice(name: string, { choices }: Flag | Operand, value: string | undefined): void {
  if (value === "") throw new UsageError(`${name}: expected a value`);
  if (value === undefined || choices === undefined || choices.includes(value)) return;
  throw new UsageError(`${name}: expected ${choices.join(", ")}, not ${JSON.stringify(value)}`);
}

function operandsText({ name, operands }: Command): string {
  if (operands.length === 0) return `hub ${name}: expected flags only`;
  return `hub ${name}: expected ${operands.map((operand) => operand.name).join(" ")}`;
}
