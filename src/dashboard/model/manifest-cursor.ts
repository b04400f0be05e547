/** Where the cursor of the manifest editor is, and what may be written there. Works on text that is not YAML yet. */

import { HEALTH_METHODS, isOption, METHODS, OPTIONS } from "../../core/methods/index.ts";
import { SERVICE_TYPES } from "../../core/service/records.ts";
import { FIELD_NAMES, type FieldName, SERVICE_FIELDS } from "../../core/service/service-definition.ts";
import { optionsOf } from "./option-help.ts";

export interface Proposal {
  label: string;
  /** Written in place of the word at the cursor. */
  text: string;
  meaning: string;
}

export interface Proposals {
  /** Length of the word before the cursor that a proposal replaces. */
  replaces: number;
  all: Proposal[];
}

interface Line {
  /** Column of the key; that of a list's entry is behind its dash. */
  column: number;
  /** True for the first line of an entry of a list. */
  isEntry: boolean;
  key: string;
  value: string;
}

const NOTHING: Proposals = { replaces: 0, all: [] };
const KEY_LINE = /^(\s*)(- +)?(?:([\w-]+):(?:\s+(.*))?)?$/;
const TYPED_KEY = /^\s*(?:- +)?(\w*)$/;
const TYPED_VALUE = /^\s*(?:- +)?(\w+):\s+(\w*)$/;

/** `before`: the text up to the cursor. `after`: the rest. */
export function proposalsAt(before: string, after: string): Proposals {
  const above = before.split("\n");
  const typed = above.pop() ?? "";
  const value = TYPED_VALUE.exec(typed);
  if (value !== null) return { replaces: value[2]?.length ?? 0, all: valuesOf(value[1] ?? "") };
  const key = TYPED_KEY.exec(typed);
  if (key === null) return NOTHING;
  const word = key[1] ?? "";
  const column = typed.length - word.length;
  const parent = parentOf(above, column, typed.includes("-"));
  const item = siblings(above, after.split("\n").slice(1), column, typed.includes("-"));
  return { replaces: word.length, all: keysBelow(parent, item, above, column) };
}

function keysBelow(parent: string | null, item: readonly Line[], above: readonly string[], column: number): Proposal[] {
  const used = new Set(item.map(({ key }) => key));
  if (parent === null) return column === 0 && !used.has("services") ? [SERVICES] : [];
  if (parent === "services") return FIELD_NAMES.filter((name) => !used.has(name)).map(fieldProposal);
  if (parent === "health_options") {
    const service = siblingsOfParent(above, column);
    const method = HEALTH_METHODS.find((each) =>
      service.some(({ key, value }) => key === "health_method" && value === each),
    );
    const known = method === undefined ? HEALTH_METHODS : [method];
    const options = new Map(known.flatMap(optionsOf).map((option) => [option.name, option]));
    return [...options.values()]
      .filter(({ name }) => !used.has(name))
      .map(({ name, meaning }) => ({ label: name, text: `${name}: `, meaning }));
  }
  return [];
}

const SERVICES: Proposal = { label: "services", text: "services:\n  - name: ", meaning: "The services of the project" };
/** Fields that hold an object or a list start on a line of their own. */
const NESTED = new Set<FieldName>(["health_options", "metadata"]);

function fieldProposal(name: FieldName): Proposal {
  const text = NESTED.has(name) ? `${name}:` : `${name}: `;
  return { label: name, text, meaning: SERVICE_FIELDS[name].schema.description ?? "" };
}

function valuesOf(key: string): Proposal[] {
  const words = (values: readonly string[]) => values.map((text) => ({ label: text, text, meaning: "" }));
  if (key === "enabled") return words(["true", "false"]);
  if (key === "service_type") return words(SERVICE_TYPES);
  if (key === "health_method") return METHODS.map(({ name, checks }) => ({ label: name, text: name, meaning: checks }));
  if (!isOption(key)) return [];
  const { input } = OPTIONS[key];
  if (input === "flag") return words(["true", "false"]);
  return typeof input === "string" ? [] : words(input);
}

function lineOf(text: string): Line | null {
  const [, indent = "", dash = "", key = "", value = ""] = KEY_LINE.exec(text) ?? [];
  if (key === "" && dash === "") return null;
  return { column: indent.length + dash.length, isEntry: dash !== "", key, value: value.trim() };
}

/** The key of the nearest line above that is less indented; null at the top. */
function parentOf(above: readonly string[], column: number, isEntry: boolean): string | null {
  return parentLine(above, column, isEntry)?.line.key ?? null;
}

function parentLine(above: readonly string[], column: number, isEntry: boolean): { line: Line; index: number } | null {
  // The dash of an entry may stand in the column of the key of its list.
  const limit = isEntry ? column - 1 : column;
  let inEntry = isEntry;
  for (let index = above.length - 1; index >= 0; index--) {
    const line = lineOf(above[index] ?? "");
    if (line === null) continue;
    if (line.isEntry && line.column === column) inEntry = true;
    const isAbove = inEntry ? line.column < column && !line.isEntry : line.column < limit;
    if (isAbove) return { line, index };
  }
  return null;
}

/** The lines with the same parent in the same entry of a list, without the one at the cursor. */
function siblings(above: readonly string[], below: readonly string[], column: number, isEntry: boolean): Line[] {
  const begins = (line: Line) => line.isEntry && line.column === column;
  const up = isEntry ? [] : deeper(above.toReversed(), column);
  const first = up.findIndex(begins);
  const down = deeper(below, column);
  const next = down.findIndex(begins);
  const lines = [...(first === -1 ? up : up.slice(0, first + 1)), ...(next === -1 ? down : down.slice(0, next))];
  return lines.filter((line) => line.column === column);
}

/** The lines until the first that is less indented. */
function deeper(texts: readonly string[], column: number): Line[] {
  const lines = texts.flatMap((text) => lineOf(text) ?? []);
  const end = lines.findIndex((line) => line.column < column);
  return end === -1 ? lines : lines.slice(0, end);
}

/** The fields above of the service whose options are at this column. */
function siblingsOfParent(above: readonly string[], column: number): Line[] {
  const parent = parentLine(above, column, false);
  return parent === null ? [] : siblings(above.slice(0, parent.index), [], parent.line.column, parent.line.isEntry);
}
