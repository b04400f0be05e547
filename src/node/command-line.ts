/** Command lines: of `npm start`, of the relay, of the agent and of the `hub` command. */
import { type ParseArgsConfig, parseArgs } from "node:util";
import { messageOf } from "../core/values/error-message.ts";

/** The command line or a setting is wrong. The message names it and says what is expected. The exit code is 2. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** Throws a UsageError for what the options don't know. No positional arguments are taken unless the config allows them. */
export function parsedLine<const T extends ParseArgsConfig>(argv: readonly string[], config: T) {
  try {
    return parseArgs({ ...config, args: [...argv] });
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
}
