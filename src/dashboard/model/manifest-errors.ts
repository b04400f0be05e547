/** Finds the places of errors in the text of a manifest. */
import { isNode, parseDocument } from "yaml";
import type { FieldError } from "../../core/values/fields.ts";

/** A part of the text, as positions of its characters. */
export interface PlacedError {
  from: number;
  to: number;
  message: string;
}

/** Returns what makes the text no YAML. */
export function syntaxErrors(text: string): PlacedError[] {
  const { errors } = parseDocument(text, { prettyErrors: false, logLevel: "silent" });
  return errors.map(({ pos: [from, to], message }) => within(text, { from, to, message }));
}

/**
 * Returns the errors of the hub with the field that each names, or the nearest object around it that exists. Errors
 * that name no field are left out.
 */
export function placedErrors(text: string, errors: readonly FieldError[]): PlacedError[] {
  const document = parseDocument(text, { prettyErrors: false, logLevel: "silent" });
  return errors.flatMap(({ path, message }) => {
    const parts = partsOf(path);
    for (let length = parts.length; length > 0; length--) {
      const node = document.getIn(parts.slice(0, length), true);
      const range = isNode(node) ? node.range : null;
      if (range) return [within(text, { from: range[0], to: endOfLine(text, range[0], range[1]), message })];
    }
    return [];
  });
}

/** `services[3].health_url` → `services`, 3, `health_url`. */
function partsOf(path: string): (string | number)[] {
  return [...path.matchAll(/\[(\d+)\]|([^.[\]]+)/g)].map(([, index, key]) =>
    index === undefined ? (key ?? "") : Number(index),
  );
}

function endOfLine(text: string, from: number, to: number): number {
  const end = text.indexOf("\n", from);
  return end === -1 ? to : Math.min(to, end);
}

/** A mark needs a length, and the text that it marks must exist. */
function within(text: string, { from, to, message }: PlacedError): PlacedError {
  const start = Math.min(from, Math.max(0, text.length - 1));
  return { from: start, to: Math.max(start, Math.min(Math.max(to, start + 1), text.length)), message };
}
