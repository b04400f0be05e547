/** Completion scripts for bash and zsh, made from the table of commands. */
import { COMMANDS, type Command, type Flag, type Operand } from "./command-table.ts";

export function bashCompletion(): string {
  return `# Completion of hub for bash.
_hub() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${[...names(), "--help", "--version"].join(" ")}" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${COMMANDS.map(bashCommand).join("\n")}
  esac
}
complete -F _hub hub`;
}

function bashCommand(command: Command): string {
  const withValues = command.flags.filter(({ value }) => value !== undefined);
  const cases = withValues.map((flag) => `        ${words(flag).join("|")}) ${bashReply(flag)}; return ;;`);
  const flagWords = command.flags.flatMap(words).join(" ");
  const [operand] = command.operands;
  const operandLine =
    operand === undefined ? [] : [`      [[ "$current" == -* ]] || { ${bashReply(operand)}; return; }`];
  return [
    `    ${command.name})`,
    ...(cases.length === 0 ? [] : ['      case "$previous" in', ...cases, "      esac"]),
    ...operandLine,
    `      COMPREPLY=($(compgen -W "${flagWords}" -- "$current")) ;;`,
  ].join("\n");
}

function bashReply({ choices, isFile = false }: Flag | Operand): string {
  if (choices !== undefined) return `COMPREPLY=($(compgen -W "${choices.join(" ")}" -- "$current"))`;
  return isFile ? 'COMPREPLY=($(compgen -f -- "$current"))' : "true";
}

export function zshCompletion(): string {
  const described = COMMANDS.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`);
  return `#compdef hub
# Completion of hub for zsh.
_hub() {
  local -a commands
  commands=(
${described.join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe 'command' commands
    return
  fi
  local command="$words[2]"
  words=("\${(@)words[2,-1]}")
  (( CURRENT-- ))
  case "$command" in
${COMMANDS.map(zshCommand).join("\n")}
  esac
}
compdef _hub hub`;
}

function zshCommand({ name, flags, operands }: Command): string {
  const specs = [...flags.flatMap(zshFlag), ...operands.map((operand) => `:${operand.name}:${zshAction(operand)}`)];
  return `    ${name}) _arguments ${specs.map(quoted).join(" ")} ;;`;
}

function zshFlag(flag: Flag): string[] {
  const text = flag.text.replace(/[[\]:\\]/g, "\\$&");
  const value = flag.value === undefined ? "" : `:${flag.value}:${zshAction(flag)}`;
  return words(flag).map((word) => `${word}[${text}]${value}`);
}

function zshAction({ choices, isFile = false }: Flag | Operand): string {
  if (choices !== undefined) return `(${choices.join(" ")})`;
  return isFile ? "_files" : " ";
}

function words({ name, short }: Flag): string[] {
  return short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`];
}

function names(): string[] {
  return COMMANDS.map(({ name }) => name);
}

/** A word in single quotes of the shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
