/** The schema of `health_options`: the options of each method. It validates, documents and types them. */
import { z } from "zod";
import { nameSchema } from "./names.ts";

const MAX_OPTIONS_BYTES = 4_096; // the 24 checks of a lane must fit in one queue message of 128 KB

const statusRange = z
  .union([
    z.int().min(100).max(599),
    z
      .string()
      .regex(/^[1-5]\d\d(-[1-5]\d\d)?$/, "expected a code like 200 or a range like 200-299")
      .refine(isRising, "expected a range from a lower code to a higher one"),
  ])
  .describe("A status code or a range such as `200-299`");

function isRising(range: string): boolean {
  const [low = "", high = low] = range.split("-");
  return low <= high;
}

const jsonAssertion = z.strictObject({
  path: z.string().min(1).max(256).describe("JSONPath, without match() and search()"),
  op: z.enum(["==", "!=", "<", "<=", ">", ">=", "exists", "contains"]),
  value: z
    .union([z.string(), z.number(), z.boolean(), z.null()], { error: "expected a text, a number, true, false or null" })
    .optional()
    .describe("A number for < <= > >=; true or false for exists"),
});

const percent = z.number().min(0).max(100_000);

export const healthOptionsSchema = z
  .strictObject({
    degraded_above_ms: z
      .number()
      .min(0)
      .max(600_000)
      .describe("Response time above which the service is degraded; 0 = off; default 1000"),
    degraded_above_cpu: percent.describe("Services in containers: per cent of one core above which they are degraded"),
    degraded_above_memory: percent.describe("Services in containers: per cent of their memory limit"),
    degraded_above_restarts: z
      .int()
      .min(0)
      .max(1_000_000)
      .describe("Services in containers: restarts by the engine since the container was made"),
    method: z.enum(["GET", "HEAD", "POST"]),
    headers: z.record(
      z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, "expected a header name"),
      z.string().max(1024),
    ),
    body: z.string().max(2048),
    expected_status: z.array(statusRange).min(1).max(20),
    body_contains: z.string().min(1).max(512),
    body_not_contains: z.string().min(1).max(512),
    json: z.array(jsonAssertion).max(10),
    follow_redirects: z.boolean(),
    tls: z.boolean().describe("tcp: speak TLS"),
    send: z.string().max(1024).describe("tcp: text sent after connecting"),
    expect: z.string().min(1).max(1024).describe("tcp: text that the answer must contain"),
    user: z.string().max(128).describe("redis, postgres: user name"),
    password: z
      .string()
      .regex(/^\$\{PROBE_SECRET_[A-Z0-9_]+\}$/, "expected ${PROBE_SECRET_NAME}; a secret is never stored in plain text")
      .describe("redis, postgres: `${PROBE_SECRET_NAME}`"),
    query: z.string().max(512).describe("postgres: one statement that only reads, to run after the login"),
    grace: z.int().min(0).max(86_400).describe("heartbeat: seconds of silence forgiven after the interval"),
    command: nameSchema.describe("exec: name of a command in the agent's own configuration"),
  })
  .partial()
  .refine((options) => JSON.stringify(options).length <= MAX_OPTIONS_BYTES, {
    message: `options are larger than ${MAX_OPTIONS_BYTES} bytes`,
  })
  .meta({ id: "HealthOptions" });

export type HealthOptions = z.infer<typeof healthOptionsSchema>;

export const DEFAULT_DEGRADED_ABOVE_MS = 1_000;
