/** What the options of a check mean, for the form of a service. */
import type { HealthOptions } from "../../core/service/options.ts";
import type { HealthMethod } from "../../core/service/records.ts";
import { parseOptions } from "./service-form.ts";

type OptionName = keyof HealthOptions;

export interface OptionHelp {
  name: OptionName;
  meaning: string;
  /** A value that is valid. */
  example: HealthOptions[OptionName];
}

type Helps = { [K in OptionName]: { methods: readonly HealthMethod[]; meaning: string; example: HealthOptions[K] } };

const TIMED: readonly HealthMethod[] = ["http", "tcp", "redis", "postgres", "exec", "container"];
const LOGIN: readonly HealthMethod[] = ["redis", "postgres"];

const HELPS: Helps = {
  degraded_above_ms: {
    ...{ methods: TIMED, example: 500 },
    meaning: "Slower than this, in milliseconds, is degraded. 0: never. Without it: 1000.",
  },
  method: { methods: ["http"], meaning: "GET, HEAD or POST.", example: "HEAD" },
  headers: {
    methods: ["http"],
    meaning: "Headers to send; Host names a virtual host.",
    example: { accept: "application/json" },
  },
  body: { methods: ["http"], meaning: "Body to send with POST.", example: "{}" },
  expected_status: {
    ...{ methods: ["http"], example: [200, "300-399"] },
    meaning: "Codes and ranges that pass. Without it: 200-299.",
  },
  body_contains: { methods: ["http"], meaning: "Text that the body must contain.", example: "ok" },
  body_not_contains: { methods: ["http"], meaning: "Text that the body must not contain.", example: "error" },
  json: {
    ...{ methods: ["http"], example: [{ path: "$.status", op: "==", value: "ok" }] },
    meaning:
      "What must hold in a JSON body: a JSONPath (without match() and search()), one of == != < <= > >= exists contains, and a value.",
  },
  follow_redirects: { methods: ["http"], meaning: "Whether redirects are followed. Without it: yes.", example: false },
  tls: { methods: ["tcp"], meaning: "Speak TLS.", example: true },
  send: { methods: ["tcp"], meaning: "Text that is sent after connecting.", example: "PING\r\n" },
  expect: { methods: ["tcp"], meaning: "Text that the answer must contain.", example: "PONG" },
  user: { methods: LOGIN, meaning: "User name.", example: "monitor" },
  password: {
    ...{ methods: LOGIN, example: "${PROBE_SECRET_DB}" },
    meaning: "Name of a secret of the hub, never the password itself.",
  },
  query: {
    ...{ methods: ["postgres"], example: "SELECT 1" },
    meaning: "One statement that must work and only reads, with or without a password.",
  },
  grace: {
    ...{ methods: ["heartbeat"], example: 60 },
    meaning: "Seconds of silence that are forgiven after the interval. Without it: 30.",
  },
  command: {
    ...{ methods: ["exec"], example: "check-disk" },
    meaning: "Name of a command in the configuration of the agent.",
  },
  degraded_above_cpu: {
    ...{ methods: ["container"], example: 90 },
    meaning: "More of one core, in per cent, is degraded.",
  },
  degraded_above_memory: {
    ...{ methods: ["container"], example: 90 },
    meaning: "More of its memory limit, in per cent, is degraded.",
  },
  degraded_above_restarts: {
    ...{ methods: ["container"], example: 3 },
    meaning: "More restarts since the container was made are degraded.",
  },
};

const NAMES = Object.keys(HELPS) as OptionName[]; // an object literal has exactly its own keys

/** The options that mean something for the method. */
export function optionsOf(method: HealthMethod): OptionHelp[] {
  return NAMES.flatMap((name) => {
    const { methods, meaning, example } = HELPS[name];
    return methods.includes(method) ? [{ name, meaning, example }] : [];
  });
}

/** Adds the option with its example to the text of the options; null: the text is no JSON object, or has it already. */
export function withOption(text: string, { name, example }: OptionHelp): string | null {
  const options = parseOptions(text);
  if (options === null || name in options) return null;
  return JSON.stringify({ ...options, [name]: example }, null, 2);
}
