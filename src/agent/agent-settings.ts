/** The configuration of an agent: flags and environment variables, and a YAML file for the commands. */

import { parse } from "yaml";
import { z } from "zod";
import { parseHostPattern } from "../core/service/host-patterns.ts";
import { nameSchema } from "../core/service/names.ts";
import { messageOf } from "../core/values/error-message.ts";
import { fieldErrors } from "../core/values/fields.ts";

const MAX_COMMANDS = 1_000;

const commandSchema = z.strictObject({
  run: z
    .array(z.string().refine((text) => !text.includes("\0"), "no argument may contain NUL"))
    .min(1)
    .refine(([program]) => program !== "", "the program is missing")
    .describe("Program and arguments; no shell reads them"),
  timeout: z.number().positive().max(86_400).optional().describe("Seconds; at most those of the check"),
});

const targetsSchema = z
  .array(
    z.string().refine((text) => parseHostPattern(text) !== null, "expected a host or host:port, such as *.example.com"),
  )
  .max(1_000);

const fileSchema = z.strictObject({
  commands: z
    .record(nameSchema, commandSchema)
    .refine((commands) => Object.keys(commands).length <= MAX_COMMANDS, `more than ${MAX_COMMANDS} commands`)
    .default({}),
  targets: targetsSchema.optional().describe("Link-local and metadata addresses that checks may ask all the same"),
  labels: z
    .strictObject({
      commands: z.array(nameSchema).max(MAX_COMMANDS).optional().describe("Commands that labels may name"),
      targets: targetsSchema.optional().describe("Hosts beyond their container that labels may point to"),
    })
    .optional(),
});

export type Commands = Readonly<Record<string, z.infer<typeof commandSchema>>>;
export type AgentFile = z.infer<typeof fileSchema>;

/** Throws an error that names every wrong field of the file. */
export function parseAgentFile(text: string, file: string): AgentFile {
  const result = fileSchema.safeParse(readYaml(text, file) ?? {});
  if (result.success) return result.data;
  const lines = fieldErrors(result.error).map(({ path, message }) => `  ${path === "" ? "file" : path}: ${message}`);
  throw new Error(`${file} is wrong:\n${lines.join("\n")}`);
}

function readYaml(text: string, file: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new Error(`${file} is no YAML: ${messageOf(error)}`);
  }
}
