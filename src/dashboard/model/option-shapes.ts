/** The texts that stand for the value of an option in a form, and how each is read and written. */
import { JSON_OPERATORS } from "../../core/methods/json-answer.ts";
import type { Result } from "../../core/values/result.ts";

/** One row of the conditions on a JSON document. */
export interface ConditionDraft {
  path: string;
  op: string;
  value: string;
}

/** The content of the input of one option. Empty: the option is absent. */
export type Draft = string | readonly ConditionDraft[];

/** The value is undefined when the option is absent. */
type Read = Result<unknown, string>;

interface Shape {
  read(draft: Draft): Read;
  /** Returns null when the input can't hold the value. */
  write(value: unknown): Draft | null;
}

const found = (value: unknown): Read => ({ ok: true, value });
const wrong = (error: string): Read => ({ ok: false, error });

/** A shape whose draft is one text. */
function textShape(read: (text: string) => Read, write: Shape["write"]): Shape {
  return {
    read: (draft) => (typeof draft !== "string" || draft.trim() === "" ? found(undefined) : read(draft)),
    write,
  };
}

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((each) => typeof each === "string");
const linesOf = (text: string) => text.split("\n").flatMap((line) => line.trim() || []);

const plain = (mayHold: RegExp): Shape => ({
  read: (draft) => found(draft === "" ? undefined : draft),
  write: (value) => (typeof value === "string" && mayHold.test(value) ? value : null),
});

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\r": "\\r", "\n": "\\n", "\t": "\\t" };
const ESCAPED = new Map(Object.entries(ESCAPES).map(([character, written]) => [written, character]));

/** One shape for each kind of input. */
export const SHAPES = {
  number: textShape(
    (text) => (Number.isFinite(Number(text)) ? found(Number(text)) : wrong("expected a number")),
    (value) => (typeof value === "number" ? String(value) : null),
  ),
  text: plain(/^[^\r\n]+$/),
  paragraph: plain(/^[^\r]+$/),
  /** Line ends and tabs are written as \r, \n and \t. */
  escaped: {
    read: (draft) => {
      if (typeof draft !== "string" || draft === "") return found(undefined);
      return found(draft.replace(/\\[\\rnt]/g, (written) => ESCAPED.get(written) ?? written));
    },
    write: (value) => {
      if (typeof value !== "string" || value === "") return null;
      return value.replace(/[\\\r\n\t]/g, (character) => ESCAPES[character] ?? character);
    },
  },
  flag: textShape(
    (text) => found(text === "true"),
    (value) => (typeof value === "boolean" ? String(value) : null),
  ),
  choice: textShape(found, (value) => (typeof value === "string" ? value : null)),
  statuses: textShape(readStatuses, (value) => (Array.isArray(value) ? value.join(", ") : null)),
  headers: textShape(readHeaders, (value) => {
    if (typeof value !== "object" || value === null) return null;
    return Object.entries(value)
      .map(([name, text]) => `${name}: ${text}`)
      .join("\n");
  }),
  conditions: {
    read: (draft) => (typeof draft === "string" ? found(undefined) : readConditions(draft)),
    write: writeConditions,
  },
  lines: textShape(
    (text) => found(linesOf(text)),
    (value) => (isTexts(value) ? value.join("\n") : null),
  ),
  json: textShape(
    (text) => {
      try {
        return found(JSON.parse(text));
      } catch {
        return wrong("expected JSON");
      }
    },
    (value) => JSON.stringify(value, null, 2),
  ),
} as const satisfies Readonly<Record<string, Shape>>;

export type OptionKind = keyof typeof SHAPES;

export function shapeOf(kind: OptionKind): Shape {
  return SHAPES[kind];
}

function readStatuses(text: string): Read {
  const items = text.split(/[\s,]+/).filter(Boolean);
  const isFit = items.every((item) => /^[1-5]\d\d(-[1-5]\d\d)?$/.test(item));
  if (!isFit) return wrong("expected codes like 200 and ranges like 200-299, with commas");
  return found(items.map((item) => (/^\d+$/.test(item) ? Number(item) : item)));
}

function readHeaders(text: string): Read {
  const headers = new Map<string, string>();
  for (const line of linesOf(text)) {
    const [, name, value] = /^([^:\s]+)\s*:\s*(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) return wrong(`expected name: value instead of "${line}"`);
    if (headers.has(name)) return wrong(`${name} is given twice`);
    headers.set(name, value);
  }
  return found(Object.fromEntries(headers));
}

function readConditions(rows: readonly ConditionDraft[]): Read {
  const used = rows.filter(({ path, value }) => path.trim() !== "" || value.trim() !== "");
  const incomplete = rows.findIndex(({ path, value }) => path.trim() === "" && value.trim() !== "");
  if (incomplete !== -1) return wrong(`no. ${incomplete + 1}: a path is missing, such as $.status`);
  if (used.length === 0) return found(undefined);
  return found(
    used.map(({ path, op, value }) => {
      const read = readValue(value);
      return { path: path.trim(), op, ...(read !== undefined && { value: read }) };
    }),
  );
}

function writeConditions(value: unknown): ConditionDraft[] | null {
  if (!Array.isArray(value)) return null;
  const rows = value.map((each: unknown) => writeCondition(each));
  return rows.every((row) => row !== null) ? rows : null;
}

function writeCondition(condition: unknown): ConditionDraft | null {
  if (typeof condition !== "object" || condition === null) return null;
  const { path, op, value } = { path: null, op: null, value: undefined, ...condition } as Record<string, unknown>; // an object's own keys
  if (typeof path !== "string" || !JSON_OPERATORS.some((each) => each === op)) return null;
  return { path, op: String(op), value: writeValue(value) };
}

/** A number, true, false or null as it is; any other text is a text, and one in quotes always is. */
function readValue(text: string): unknown {
  const trimmed = text.trim();
  if (trimmed === "") return undefined;
  try {
    const value: unknown = JSON.parse(trimmed);
    return typeof value === "object" && value !== null ? trimmed : value;
  } catch {
    return trimmed;
  }
}

function writeValue(value: unknown): string {
  if (value === undefined) return "";
  return typeof value === "string" && readValue(value) === value && !/[\r\n]/.test(value)
    ? value
    : JSON.stringify(value);
}
