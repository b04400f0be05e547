/** Reads what a monitoring plugin says: its exit code, its first line and its performance data. */

import type { ObservationDetails, Verdict } from "../core/service/records.ts";
import { boundedErrorText } from "../core/values/error-text.ts";
import { printable } from "../core/values/printable.ts";
import { withoutSecrets } from "./own-secrets.ts";

/** Performance data beyond this many values is left out. */
const MAX_VALUES = 32;
const MAX_LABEL_CHARS = 48;
const MAX_OUTPUT_CHARS = 200;
const VERDICTS: Record<number, Verdict> = { 0: "ok", 1: "warn", 2: "fail", 3: "unprobeable" };

export interface PluginResult {
  verdict: Verdict;
  error: string | null;
  details: ObservationDetails;
}

/**
 * An exit code other than 0 to 3 is a failure, as monitoring systems take it. `environment`: that of the command, whose
 * secrets are removed before anything is cut.
 */
export function readPlugin(code: number, output: string, environment = process.env): PluginResult {
  const [first = "", ...rest] = withoutSecrets(output, environment).split("\n");
  const [text = "", performance = ""] = splitOnce(first, "|");
  const line = printable(text).trim();
  const more = rest.flatMap((each) => splitOnce(each, "|")[1] ?? []);
  const details: ObservationDetails = performanceData([performance, ...more].join(" "));
  if (line !== "") details.output = line.slice(0, MAX_OUTPUT_CHARS).toWellFormed();
  const verdict = VERDICTS[code] ?? "fail";
  if (verdict === "ok") return { verdict, error: null, details };
  return { verdict, error: boundedErrorText(`exec: ${line === "" ? `exit code ${code}` : line}`), details };
}

/** `'label'=value[unit];warn;crit;min;max`, separated by blanks; a label with blanks or quotes stands in quotes. */
function performanceData(text: string): ObservationDetails {
  const details: ObservationDetails = {};
  const pattern = /(?:'((?:[^']|'')+)'|([^\s='|]+))=(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)/gi;
  for (const [, quoted, plain, value] of text.matchAll(pattern)) {
    const label = printable((quoted ?? plain ?? "").replaceAll("''", "'")).slice(0, MAX_LABEL_CHARS);
    if (Object.keys(details).length >= MAX_VALUES || label === "output" || label === "version") continue;
    Object.defineProperty(details, label, { value: Number(value), enumerable: true, configurable: true });
  }
  return details;
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
