/** Reads the simple members at the top of a JSON object of which only the beginning is there. */

/**
 * A text, which may be cut off at the end; a sign; or a number or word. Each quote begins one: if some did not, all that
 * follows would be searched anew from each of them.
 */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?$)|[{}[\],:]|[^\s{}[\],:"]+/gs;
const DEEPER: Readonly<Record<string, number>> = { "{": 1, "[": 1, "}": -1, "]": -1 };

/**
 * Returns the texts, numbers, flags and nulls of the outermost object that are complete in `text`. Nested values are left
 * out. Returns an empty object when the text does not begin with an object.
 */
export function topOf(text: string): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  let depth = 0;
  let key: string | null = null;
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (depth === 0 && token !== "{") break;
    depth += DEEPER[token] ?? 0;
    if (depth === 0) break;
    if (depth > 1 || token in DEEPER || token === ":") continue;
    const isComplete = index + token.length < text.length; // at the end the value may go on
    if (token === ",") key = null;
    else if (key === null) key = String(parsed(token));
    else if (isComplete) found[key] = parsed(token);
  }
  return found;
}

function parsed(token: string): unknown {
  try {
    return JSON.parse(token);
  } catch {
    return undefined;
  }
}
