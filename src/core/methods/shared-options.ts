/** Options that several methods have. */
import { z } from "zod";
import type { FieldError } from "../values/fields.ts";
import { atOption, option } from "./method.ts";

export const DEFAULT_DEGRADED_ABOVE_MS = 1_000;

const percent = z.number().min(0).max(100_000);

/** For methods whose checks take a time. */
export const timed = {
  degraded_above_ms: option({
    schema: z
      .number()
      .min(0)
      .max(600_000)
      .describe(`Response time above which the service is degraded; 0 = off; default ${DEFAULT_DEGRADED_ABOVE_MS}`),
    meaning: `Slower than this, in milliseconds, is degraded. 0: never. Without it: ${DEFAULT_DEGRADED_ABOVE_MS}.`,
    example: 500,
    input: "number",
  }),
};

/** For every method whose checks an agent can run: it adds what the container of the service uses. */
export const containerUse = {
  degraded_above_cpu: option({
    schema: percent.describe("Services in containers: per cent of one core above which they are degraded"),
    meaning: "More of one core, in per cent, is degraded.",
    example: 90,
    input: "number",
    ofContainers: true,
  }),
  degraded_above_memory: option({
    schema: percent.describe("Services in containers: per cent of their memory limit"),
    meaning: "More of its memory limit, in per cent, is degraded.",
    example: 90,
    input: "number",
    ofContainers: true,
  }),
  degraded_above_restarts: option({
    schema: z
      .int()
      .min(0)
      .max(1_000_000)
      .describe("Services in containers: restarts by the engine since the container was made"),
    meaning: "More restarts since the container was made are degraded.",
    example: 3,
    input: "number",
    ofContainers: true,
  }),
};

/** For methods that send a text and wait for one. */
export const talk = {
  send: option({
    schema: z.string().max(1024),
    says: "text sent after connecting",
    meaning: "Text that is sent after connecting.",
    example: "PING\r\n",
    input: "text",
  }),
  expect: option({
    schema: z.string().min(1).max(1024),
    says: "text that the answer must contain",
    meaning: "Text that the answer must contain.",
    example: "PONG",
    input: "text",
    isCompared: true,
  }),
};

/** For methods that log in to a database. */
export const login = {
  user: option({
    schema: z.string().max(128),
    says: "user name",
    meaning: "User name.",
    example: "monitor",
    input: "text",
  }),
  password: option({
    schema: z
      .string()
      .regex(
        /^\$\{PROBE_SECRET_[A-Z0-9_]+\}$/,
        "expected ${PROBE_SECRET_NAME}; a secret is never stored in plain text",
      ),
    says: "`${PROBE_SECRET_NAME}`",
    meaning: "Name of a secret of the hub, never the password itself.",
    example: "${PROBE_SECRET_DB}",
    input: "text",
  }),
};

/** Returns what no database takes as a text. `texts`: the options of a check. */
export function textErrors(texts: { user?: string | undefined; query?: string | undefined }): FieldError[] {
  return (["user", "query"] as const)
    .filter((key) => texts[key] === "" || texts[key]?.includes("\0") === true)
    .map((key) => atOption(key, "expected a text without NUL"));
}
