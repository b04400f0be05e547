/** The inputs for the options of a check, in the order of the form. */
import { OPTION_NAMES, OPTIONS, type OptionName } from "../../core/methods/index.ts";
import { type Checked, isUsed, kindOf } from "./option-draft.ts";
import { type OptionKind, shapeOf } from "./option-shapes.ts";

export interface OptionField {
  name: OptionName;
  label: string;
  hint: string;
  kind: OptionKind;
  /** The values of a list. */
  choices: readonly string[];
  /** Whether it is among the options that most checks need. */
  isFrequent: boolean;
}

const FREQUENT: readonly OptionName[] = [
  "expected_status",
  "command",
  "record_name",
  "record_type",
  "answers",
  "user",
  "password",
  "query",
  "tls",
  "send",
  "expect",
  "body_contains",
  "headers",
  "json",
  "warn_days",
  "fail_days",
  "grace",
  "degraded_above_ms",
];

const LABELS: Partial<Record<OptionName, string>> = {
  degraded_above_ms: "Degraded above (ms)",
  degraded_above_cpu: "Degraded above CPU (%)",
  degraded_above_memory: "Degraded above memory (%)",
  degraded_above_restarts: "Degraded above restarts",
  method: "Request method",
  json: "Conditions on the JSON",
  tls: "TLS",
  dnssec: "DNSSEC",
  expect_nxdomain: "Expect no such name",
  send: "Text to send",
  expect: "Expected text",
  body: "Request body",
  warn_days: "Warn before the end (days)",
  fail_days: "Fail before the end (days)",
  grace: "Grace (s)",
};

const FORMS: Partial<Record<OptionKind, string>> = {
  statuses: "With commas.",
  headers: "One a line.",
  lines: "One a line.",
  escaped: "\\r\\n stands for the end of a line.",
  json: "As JSON.",
  conditions: 'A text that reads like a number stands in quotes: "5".',
};

/** The options that mean something for the check, the most used first. */
export function optionFields(checked: Checked): OptionField[] {
  const names = OPTION_NAMES.filter((name) => isUsed(name, checked));
  const frequent = FREQUENT.filter((name) => names.includes(name));
  const rest = names.filter((name) => !frequent.includes(name));
  return [...frequent, ...rest].map((name) => fieldOf(name, frequent.includes(name)));
}

function fieldOf(name: OptionName, isFrequent: boolean): OptionField {
  const { input, meaning, example } = OPTIONS[name];
  const kind = kindOf(name);
  const shown = kind === "json" ? JSON.stringify(example) : shapeOf(kind).write(example);
  const isShort = typeof shown === "string" && !shown.includes("\n") && kind !== "flag" && kind !== "choice";
  return {
    name,
    label: LABELS[name] ?? labelOf(name),
    hint: [meaning, FORMS[kind], isShort && `For example ${shown}`].filter(Boolean).join(" "),
    kind,
    choices: typeof input === "string" ? [] : input,
    isFrequent,
  };
}

function labelOf(name: string): string {
  const words = name.replaceAll("_", " ");
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}
