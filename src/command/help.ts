/** The help texts. */
import { COMMANDS, type Command, type Flag } from "./command-table.ts";

export function generalHelp(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length));
  const lines = COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    "Usage: hub COMMAND [options]",
    "",
    "Asks and changes a CommandCenter Hub.",
    "",
    ...lines,
    "",
    "  hub COMMAND --help  says more; hub --version prints the version",
    "",
    "The hub is --hub URL, HUB_URL or hub: in ~/.config/commandcenter-hub/config.yaml (below XDG_CONFIG_HOME, if set).",
    "The key is HUB_KEY or key: in that file.",
  ].join("\n");
}

export function usageLine({ name, operands }: Command): string {
  return ["Usage: hub", name, ...operands.map((operand) => operand.name), "[options]"].join(" ");
}

export function commandHelp(command: Command): string {
  const names = command.flags.map(flagNames);
  const width = Math.max(...names.map((name) => name.length));
  const flags = command.flags.map(({ text }, index) => `  ${(names[index] ?? "").padEnd(width)}  ${text}`);
  return [usageLine(command), "", `${command.summary}.`, "", ...flags, "", command.notes].join("\n");
}

function flagNames({ name, short, value }: Flag): string {
  const dashed = short === undefined ? `--${name}` : `-${short}, --${name}`;
  return value === undefined ? dashed : `${dashed} ${value}`;
}
