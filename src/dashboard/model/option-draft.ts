/** The options of a check while they are edited: an input for each, or all of them as the text of one JSON object. */
import {
  type HealthMethod,
  hasOption,
  isOption,
  methodOf,
  OPTIONS,
  type OptionName,
} from "../../core/methods/index.ts";
import type { FieldError } from "../../core/values/fields.ts";
import type { Result } from "../../core/values/result.ts";
import type { Service } from "../api/queries.ts";
import { type Draft, type OptionKind, shapeOf } from "./option-shapes.ts";

type Options = Service["health_options"];
export type Drafts = Readonly<Partial<Record<OptionName, Draft>>>;
export type OptionsDraft = { as: "fields"; drafts: Drafts } | { as: "json"; text: string };

export const NO_OPTIONS: OptionsDraft = { as: "fields", drafts: {} };

/** The parts of a form that decide which options mean something. */
export interface Checked {
  health_method: HealthMethod;
  agent: string;
  /** The container that the service is in; null: it is in none that is known. */
  container: string | null;
}

const KINDS: Partial<Record<OptionName, OptionKind>> = {
  expected_status: "statuses",
  headers: "headers",
  json: "conditions",
  send: "escaped",
  expect: "escaped",
  body: "paragraph",
};

/** The kind of input that an option has. */
export function kindOf(name: OptionName): OptionKind {
  const { input, example } = OPTIONS[name];
  const known = KINDS[name];
  if (known !== undefined) return known;
  if (typeof input !== "string") return "choice";
  if (input !== "json") return input;
  const isTexts = Array.isArray(example) && example.every((each) => typeof each === "string");
  return isTexts ? "lines" : "json";
}

/** Whether the option means something for the check. */
export function isUsed(name: OptionName, { health_method, agent, container }: Checked): boolean {
  const method = methodOf(health_method);
  if (!hasOption(method, name)) return false;
  const mayBeInContainer = method.isOfContainer === true || (agent.trim() !== "" && container !== null);
  return OPTIONS[name].ofContainers !== true || mayBeInContainer;
}

/** As inputs where these can hold every value, otherwise as JSON. */
export function draftOf(options: Options): OptionsDraft {
  const made = draftsOf(options);
  return made.ok ? { as: "fields", drafts: made.value } : { as: "json", text: textOf(options) };
}

/** Returns the content of each input, or why there is none for a value. */
export function draftsOf(options: object): Result<Drafts, string> {
  const drafts: Partial<Record<OptionName, Draft>> = {};
  for (const [name, value] of Object.entries(options)) {
    if (!isOption(name)) return { ok: false, error: `there is no option ${name}` };
    const { read, write } = shapeOf(kindOf(name));
    const draft = write(value);
    const again = draft === null ? null : read(draft);
    const isKept = again?.ok === true && JSON.stringify(again.value) === JSON.stringify(value);
    if (draft === null || !isKept) return { ok: false, error: `no field can hold this value of ${name}` };
    drafts[name] = draft;
  }
  return { ok: true, value: drafts };
}

export interface ReadOptions {
  /** Those that could be read and mean something for the check. */
  options: Options;
  errors: FieldError[];
  /** Options that are given and mean nothing for the check, so they are not sent. */
  leftOut: OptionName[];
}

export function readOptions(draft: OptionsDraft, checked: Checked): ReadOptions {
  const { values, errors } = draft.as === "json" ? readText(draft.text) : readDrafts(draft.drafts);
  const given = Object.keys(values).filter((name) => isOption(name));
  const leftOut = given.filter((name) => !isUsed(name, checked));
  const isLeftOut = (key: string) => leftOut.some((name) => name === key);
  const options = Object.fromEntries(Object.entries(values).filter(([name]) => !isLeftOut(name)));
  const isShown = ({ path }: FieldError) => {
    const name = path.slice(PREFIX.length);
    return !isOption(name) || isUsed(name, checked);
  };
  return { options, errors: errors.filter(isShown), leftOut };
}

/** Shows the inputs as JSON, or the JSON as inputs. Returns what stands in the way, and then nothing changes. */
export function switched(draft: OptionsDraft, checked: Checked): Result<OptionsDraft, string> {
  if (draft.as === "fields") {
    const [error] = readOptions(draft, checked).errors;
    if (error !== undefined) return { ok: false, error: `${error.path.slice(PREFIX.length)}: ${error.message}` };
    return { ok: true, value: { as: "json", text: textOf(readDrafts(draft.drafts).values) } };
  }
  const options = parseOptions(draft.text);
  const made: Result<Drafts, string> = options === null ? { ok: false, error: NO_OBJECT } : draftsOf(options);
  return made.ok ? { ok: true, value: { as: "fields", drafts: made.value } } : made;
}

/** Everything that is said, in the same words for both views where these say the same. */
export function contentOf(draft: OptionsDraft): unknown {
  const { values, errors } = draft.as === "json" ? readText(draft.text) : readDrafts(draft.drafts);
  return errors.length === 0 ? values : draft;
}

const PREFIX = "health_options.";
const NO_OBJECT = "expected a JSON object";

function readText(text: string): { values: object; errors: FieldError[] } {
  const values = parseOptions(text);
  return { values: values ?? {}, errors: values === null ? [{ path: "health_options", message: NO_OBJECT }] : [] };
}

function readDrafts(drafts: Drafts): { values: object; errors: FieldError[] } {
  const errors: FieldError[] = [];
  const values: [string, unknown][] = [];
  for (const [name, draft] of Object.entries(drafts)) {
    if (!isOption(name)) continue;
    const read = shapeOf(kindOf(name)).read(draft);
    if (!read.ok) errors.push({ path: PREFIX + name, message: read.error });
    else if (read.value !== undefined) values.push([name, read.value]);
  }
  return { values: Object.fromEntries(values), errors };
}

function textOf(options: object): string {
  return Object.keys(options).length === 0 ? "" : JSON.stringify(options, null, 2);
}

/** Returns null when the text is no JSON object. Empty text means no options. */
export function parseOptions(text: string): Options | null {
  if (text.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
