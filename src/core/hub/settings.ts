/** The hub's settings, parsed from vars and secrets. */
import { z } from "zod";
import { nameSchema } from "../service/names.ts";
import { agentOf } from "../service/records.ts";

const LOCATION_HINTS = [
  "wnam",
  "enam",
  "sam",
  "weur",
  "eeur",
  "apac",
  "apac-ne",
  "apac-se",
  "oc",
  "afr",
  "me",
] as const;

const flag = z.enum(["true", "false"], "expected true or false").transform((value) => value === "true");
const url = (protocol: RegExp, expected: string) => z.url({ protocol, error: `expected ${expected}` });
const list = z.string().transform((value) =>
  value
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== ""),
);
/** An empty variable counts as not set. */
const optional = <T extends z.ZodType>(schema: T) =>
  z
    .literal("")
    .transform(() => undefined)
    .or(schema)
    .optional();

const VANTAGES_EXPECTED = `expected different location hints (${LOCATION_HINTS.join(", ")}) or agent:NAME`;

function areVantages(vantages: readonly string[]): boolean {
  const isVantage = (text: string) =>
    LOCATION_HINTS.some((hint) => hint === text) || nameSchema.safeParse(agentOf(text)).success;
  return new Set(vantages).size === vantages.length && vantages.every(isVantage);
}

const settingsSchema = z.object({
  HUB_ID: z
    .string()
    .regex(/^[a-z0-9-]{1,63}$/, "expected 1 to 63 of a-z, 0-9 and -")
    .default("hub-main"),
  HUB_NAME: optional(z.string().max(200)),
  HUB_URL: optional(url(/^https?$/, "an http(s) URL")),
  HUB_REGION: optional(z.string().max(64)),
  HUB_ADMIN_TOKEN: optional(z.string().min(16, "expected at least 16 characters")),
  PUBLIC_READ: flag.default(false),
  ALLOW_PRIVATE_TARGETS: flag.default(false),
  RAW_RETENTION_HOURS: z.coerce.number("expected a number of hours").int().min(1).max(720).default(48),
  PROBE_VANTAGES: list.pipe(z.array(z.string()).refine(areVantages, VANTAGES_EXPECTED)).default([]),
  /** Set by `npm start`: secrets need no PROBE_SECRET_X_HOSTS. */
  PROBE_SECRETS_ANYWHERE: flag.default(false),
  PROBE_CONTROL_URL: optional(url(/^https?$/, "an http(s) URL")),
  NATS_URL: optional(url(/^wss?$/, "a ws:// or wss:// URL")),
  NATS_TOKEN: optional(z.string()),
  NATS_USER: optional(z.string()),
  NATS_PASSWORD: optional(z.string()),
  NATS_CREDS: optional(z.string()),
  FEDERATION_TOKEN: optional(z.string().min(16, "expected at least 16 characters")),
  FEDERATION_PEERS: list.pipe(z.array(url(/^https?$/, "comma-separated http(s) URLs"))).default([]),
  /** Seconds between two looks at each other hub. */
  FEDERATION_INTERVAL: z.coerce.number("expected a number of seconds").int().min(5).max(3_600).default(60),
  /** Set by `npm run deploy -- --free`: the limits are those of Cloudflare's free plan. */
  FREE_PLAN: flag.default(false),
  /** Set by `npm start`: when its process began, Unix ms. A deployed hub has no such time. */
  HUB_STARTED_AT: z.coerce.number("expected Unix ms").int().optional(),
  /** Set by `npm start`. The local queue runs only one consumer at a time, so a consumer passes slow rounds on. */
  LOCAL_QUEUES: flag.default(false),
});

export type Settings = z.infer<typeof settingsSchema>;

export class SettingsError extends Error {
  override name = "SettingsError";
}

/** Throws a SettingsError that names each wrong setting and what is expected. The text never contains the value. */
export function parseSettings(vars: object): Settings {
  const result = settingsSchema.safeParse(vars);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => `${issue.path[0]?.toString() ?? "settings"}: ${issue.message}`);
  throw new SettingsError(`wrong setting: ${[...new Set(lines)].join("; ")}`);
}
