/** The configuration of the command: which hub it asks, and with which key. */
import { readFileSync, statSync } from "node:fs";
import { parse } from "yaml";
import { messageOf } from "../core/values/error-message.ts";

const OTHERS = 0o077;

export interface Configuration {
  hub?: string;
  key?: string;
}

/** Throws an error that names the file and what is wrong, but never a value. */
export function parseConfiguration(text: string, file: string): Configuration {
  let value: unknown;
  try {
    value = parse(text, { prettyErrors: false, logLevel: "error" });
  } catch {
    throw new Error(`${file} is not YAML`);
  }
  if (value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) throw new Error(`${file}: expected hub: and key:`);
  const configuration: Configuration = {};
  for (const [name, given] of Object.entries(value)) {
    if (name !== "hub" && name !== "key") throw new Error(`${file}: expected only hub: and key:, not ${name}:`);
    if (typeof given !== "string") throw new Error(`${file}: ${name}: expected a text`);
    configuration[name] = given;
  }
  return configuration;
}

/** `warnings`: what the user should mend. Throws when the file cannot be read. */
export function readConfiguration(file: string): { configuration: Configuration; warnings: string[] } {
  let text: string;
  let mode: number;
  try {
    text = readFileSync(file, "utf8");
    mode = statSync(file).mode;
  } catch (error) {
    throw new Error(`${file} can't be read: ${messageOf(error)}`);
  }
  const configuration = parseConfiguration(text, file);
  const isOpen = configuration.key !== undefined && process.platform !== "win32" && (mode & OTHERS) !== 0;
  const warnings = isOpen ? [`warning: ${file} has a key and other users can read it; run: chmod 600 ${file}`] : [];
  return { configuration, warnings };
}
