/**
 * Checks that JSON keeps a value as it was written. JavaScript, YAML and SQL have values that JSON has not: stored, they would become
 * something else, and every comparison with what was written would find a difference.
 */
import { z } from "zod";

export interface JsonFault {
  path: (string | number)[];
  message: string;
}

/** Whole numbers from here on are shown with an exponent, so that nobody takes few digits of one for all of it. */
const EXACT_BELOW = 1e21;
/** Every number of so many digits is kept as it was written. */
const KEPT_DIGITS = 15;
/** Nothing that is stored is nested deeper; see MAX_METADATA_DEPTH. */
const MAX_DEPTH = 64;

/** Returns the first part of the value that JSON would change or lose; null: there is none. */
export function jsonFault(value: unknown): JsonFault | null {
  return faultIn(value, []);
}

/**
 * A schema that refuses what JSON can't keep, with the path of that part. It looks at the input before `schema` does,
 * because schemas of objects leave out the key `__proto__` without a word.
 */
export function keptAsJson<S extends z.ZodType>(schema: S) {
  return z.preprocess((value: z.input<S>, context) => {
    const fault = jsonFault(value);
    if (fault !== null) context.addIssue({ code: "custom", path: fault.path, message: fault.message });
    return value;
  }, schema);
}

/** The text that a key of YAML becomes in JSON: `1`, `"1"` and `true`, `"true"` are the same keys there. */
export function jsonKey(key: unknown): string {
  return key === null ? "" : String(key);
}

/** Of the value as JSON in UTF-8. */
export function jsonBytes(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).length;
}

/**
 * Whether the value is nested at most `max` levels deep. Does not use recursion, because deep input would overflow the
 * stack.
 */
export function depthWithin(value: unknown, max: number): boolean {
  let level = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > max) return false;
    level = level.flatMap((each) => (typeof each === "object" && each !== null ? Object.values(each) : []));
  }
  return true;
}

function faultIn(value: unknown, path: JsonFault["path"]): JsonFault | null {
  if (typeof value === "object" && value !== null && isPlain(value)) return faultInside(value, path);
  const message = scalarFault(value);
  return message === null ? null : { path, message };
}

function faultInside(value: object, path: JsonFault["path"]): JsonFault | null {
  if (path.length >= MAX_DEPTH) return { path, message: `nested deeper than ${MAX_DEPTH} levels` };
  for (const [key, item] of Array.isArray(value) ? value.entries() : Object.entries(value)) {
    const message = keyFault(key);
    const fault = message === null ? faultIn(item, [...path, key]) : { path: [...path, key], message };
    if (fault !== null) return fault;
  }
  return null;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}

function keyFault(key: string | number): string | null {
  if (key === "__proto__") return "this key is reserved by JavaScript: use another";
  return typeof key === "string" && !key.isWellFormed() ? "the key has half of a surrogate pair" : null;
}

function scalarFault(value: unknown): string | null {
  switch (typeof value) {
    case "string":
      return value.isWellFormed() ? null : "half of a surrogate pair is no character";
    case "number":
      return numberFault(value);
    case "boolean":
      return null;
    case "object":
      return value === null ? null : `JSON has no ${kindOf(value)}: write a text, a list or an object`;
    default:
      return `JSON has no ${typeof value}`;
  }
}

function numberFault(value: number): string | null {
  if (!Number.isFinite(value)) return "JSON has no infinite number, and none that is not a number";
  if (!Number.isInteger(value) || Number.isSafeInteger(value)) return null;
  if (Math.abs(value) >= EXACT_BELOW && digitsOf(value) <= KEPT_DIGITS) return null;
  return `whole numbers are exact up to ${Number.MAX_SAFE_INTEGER}: write it as a text`;
}

/** Of the shortest text that stands for the number, without its exponent. */
function digitsOf(value: number): number {
  const [digits = ""] = value.toExponential().split("e");
  return digits.replace(/[-.]/g, "").length;
}

function kindOf(value: object): string {
  if (value instanceof Date) return "time";
  if (value instanceof Map || value instanceof Set) return "set or ordered map";
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer ? "binary data" : "such object";
}
