/** Explains the options of a check, for the form of a service. */
import { type HealthMethod, OPTION_NAMES, OPTIONS, type OptionName } from "../../core/methods/index.ts";
import { isUsed, parseOptions } from "./option-draft.ts";

export interface OptionHelp {
  name: OptionName;
  meaning: string;
  /** A value that is valid. */
  example: unknown;
}

/** The options that mean something for the method, whatever service it checks. */
export function optionsOf(health_method: HealthMethod): OptionHelp[] {
  return OPTION_NAMES.filter((name) => isUsed(name, { health_method, agent: "", container: null })).map((name) => ({
    name,
    meaning: OPTIONS[name].meaning,
    example: OPTIONS[name].example,
  }));
}

/** Adds the option with its example to the text of the options; null: the text is no JSON object, or has it already. */
export function withOption(text: string, { name, example }: OptionHelp): string | null {
  const options = parseOptions(text);
  if (options === null || name in options) return null;
  return JSON.stringify({ ...options, [name]: example }, null, 2);
}
