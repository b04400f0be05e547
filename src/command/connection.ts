/** Which hub a command asks, and the client for it. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { createHubClient, type HubClient, isHubUrl, isKey } from "../client/hub-client.ts";
import { UsageError } from "../node/command-line.ts";
import type { CommandLine } from "./command-line.ts";
import type { Configuration } from "./config-file.ts";
import type { HubIo } from "./hub-io.ts";

export interface Connection {
  /** Without a trailing slash. */
  url: string;
  key: string | undefined;
  client: HubClient;
}

/**
 * A flag wins over the environment, which wins over the configuration. Throws a UsageError when no hub is given or when
 * a value is wrong.
 */
export async function connect(line: CommandLine, io: HubIo): Promise<Connection> {
  const { hub, key } = await configurationOf(line, io);
  const url = (line.text("hub") ?? (io.environment.HUB_URL || hub) ?? "").replace(/\/+$/, "");
  if (url === "") throw new UsageError("which hub? give --hub URL, or set HUB_URL, or hub: in the configuration");
  if (!isHubUrl(url)) throw new UsageError("--hub: expected the http(s) URL of a hub, without a user or a password");
  const given = io.environment.HUB_KEY || key;
  if (given !== undefined && !isKey(given)) {
    throw new UsageError("HUB_KEY: expected a key, which has no blanks and only ASCII characters");
  }
  return { url, key: given, client: createHubClient({ url, key: given }) };
}

export function defaultConfigFile(environment: HubIo["environment"]): string {
  const home = environment.XDG_CONFIG_HOME || join(environment.HOME || homedir(), ".config");
  return join(home, "commandcenter-hub", "config.yaml");
}

/** The parser of YAML takes long to load, so it is loaded only when there is a file. */
async function configurationOf(line: CommandLine, io: HubIo): Promise<Configuration> {
  const given = line.text("config");
  const file = given ?? defaultConfigFile(io.environment);
  if (!existsSync(file)) {
    if (given !== undefined) throw new UsageError(`--config: there is no file ${file}`);
    return {};
  }
  const { readConfiguration } = await import("./config-file.ts");
  const { configuration, warnings } = readConfiguration(file);
  for (const warning of warnings) io.err(warning);
  return configuration;
}
