/** Judges the body of an answer: its text, assertions on its JSON, and what it reports about its service. */
import { failedAssertion, type JsonAssertion } from "../core/service/json-assertions.ts";
import type { HealthOptions } from "../core/service/options.ts";
import { readPlainReport, readSelfReport, type SelfReport } from "./health-report.ts";
import type { BodyText, Stop } from "./http-body.ts";
import { PASSED, type ProbeJob, type ProbeResult } from "./probe.ts";
import { ProbeFailure } from "./probe-failure.ts";
import { topOf } from "./top-of-json.ts";

export const MAX_BODY_BYTES = 1_048_576;
const LARGER = "larger than the 1 MiB that is read";

type Wanted = Pick<HealthOptions, "body_contains" | "body_not_contains" | "json">;
type Redacting = ProbeJob["secrets"];

export function needsBody({ body_contains, body_not_contains, json }: Wanted): boolean {
  return body_contains !== undefined || body_not_contains !== undefined || isAsked(json);
}

/** Returns the text after which the rest of the body hardly matters; null: all of it may. */
export function stopOf(wanted: Wanted, isJson: boolean, secrets: Redacting): Stop | null {
  const stop = plainStop(wanted, isJson);
  if (stop === null || secrets.isEmpty) return stop;
  return { ...stop, isIn: (text) => secrets.redactSoFar(text).known.includes(stop.text) };
}

function plainStop({ body_contains, body_not_contains, json }: Wanted, isJson: boolean): Stop | null {
  if (body_not_contains !== undefined) return { text: body_not_contains, isFinal: true };
  if (isAsked(json) || body_contains === undefined) return null;
  return { text: body_contains, isFinal: !isJson }; // a document may still say that it is not well
}

/** An empty list asks nothing. */
function isAsked(json: Wanted["json"]): json is JsonAssertion[] {
  return json !== undefined && json.length > 0;
}

/**
 * `isJson`: the answer says that its body is JSON. Throws a ProbeFailure. The secrets are removed before anything is
 * compared, so that no check can find one out by comparing.
 */
export function judgeBody(body: BodyText, options: Wanted, isJson: boolean, secrets: Redacting): ProbeResult {
  const { text, isWhole, isQuiet = isWhole } = body;
  judgeText({ text: isQuiet ? secrets.redactSoFar(text).known : secrets.redactBeginning(text), isWhole }, options);
  const clean = secrets.redactJson(text);
  const document = isWhole ? parseJson(clean) : topOf(clean);
  if (isAsked(options.json)) judgeJson(document, isWhole, options.json);
  const report = readSelfReport(document);
  if (!isJson) return { ...PASSED, details: report.details };
  return resultOf(isWhole ? report : { ...report, details: { ...report.details, body: LARGER } });
}

/** An answer of ASP.NET Core may be one word of plain text. */
export function judgePlain(text: string): ProbeResult {
  return resultOf(readPlainReport(text));
}

function judgeText({ text, isWhole }: BodyText, { body_contains, body_not_contains }: Wanted): void {
  if (body_not_contains !== undefined && text.includes(body_not_contains)) {
    throw failure(`the body contains ${JSON.stringify(body_not_contains)}`);
  }
  if (body_contains !== undefined && !text.includes(body_contains)) {
    const where = isWhole ? "the body does" : `the body is ${LARGER}, and that part does`;
    throw failure(`${where} not contain ${JSON.stringify(body_contains)}`);
  }
  if (body_not_contains === undefined || isWhole) return;
  throw failure(`the body is ${LARGER}, so the rest may contain ${JSON.stringify(body_not_contains)}`);
}

function judgeJson(document: unknown, isWhole: boolean, assertions: readonly JsonAssertion[]): void {
  if (!isWhole) throw failure(`the body is ${LARGER}, so its JSON can't be judged`);
  if (document === undefined) throw failure("the body is not JSON");
  const failed = failedAssertion(document, assertions);
  if (failed !== null) throw failure(failed);
}

function resultOf({ verdict, error, details }: SelfReport): ProbeResult {
  return { verdict: verdict ?? "ok", error, details };
}

function failure(message: string): ProbeFailure {
  return new ProbeFailure(`http: ${message}`, { answered: true });
}

/** Returns undefined when the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
