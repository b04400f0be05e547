/** Reads a manifest from JSON or YAML. A body that cannot be read causes a 400 or 415, never a 500. */
import { type Document, isNode, isScalar, LineCounter, parseDocument, visit } from "yaml";
import { MAX_MANIFEST_BYTES, MAX_YAML_BYTES } from "../../core/service/manifest-limits.ts";
import { jsonKey } from "../../core/values/json-value.ts";
import { Problem } from "../problem.ts";

const JSON_TYPE = /^application\/([a-z0-9.-]+\+)?json$/;
const YAML_TYPE = /^(application|text)\/(x-)?yaml$/;
/**
 * Manifests share defaults by aliases. The limit stops small documents that expand to a huge size ("billion laughs").
 */
const MAX_ALIASES = 100;

/** Throws a 400, 413 or 415. The caller limits the size of JSON. */
export function parseManifestBody(contentType: string | undefined, bytes: ArrayBuffer): unknown {
  const type = contentType?.split(";")[0]?.trim().toLowerCase() ?? "";
  if (JSON_TYPE.test(type)) return parseJson(decode(bytes));
  if (YAML_TYPE.test(type) && bytes.byteLength > MAX_YAML_BYTES) {
    const limits = `${MAX_YAML_BYTES} bytes; a manifest in JSON may have ${MAX_MANIFEST_BYTES}`;
    throw new Problem(413, `the YAML is larger than ${limits}`);
  }
  if (YAML_TYPE.test(type)) return parseYaml(decode(bytes));
  throw new Problem(415, "expected application/json or application/yaml");
}

function decode(bytes: ArrayBuffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    throw new Problem(400, "the body is not UTF-8");
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem(400, "the body is not JSON");
  }
}

/**
 * The parser is recursive, so deep nesting throws a RangeError. Its own search for repeated keys and its pretty messages
 * are switched off, because they take quadratic time.
 */
function parseYaml(text: string): unknown {
  try {
    const lines = new LineCounter();
    const options = { prettyErrors: false, uniqueKeys: false, logLevel: "error", lineCounter: lines } as const;
    const document = parseDocument(text, options);
    const [error] = document.errors;
    const wrong = error === undefined ? wrongKey(document) : { at: error.pos[0], message: error.message };
    if (wrong !== null) {
      throw new Problem(400, `the body is not YAML: ${wrong.message} (line ${lines.linePos(wrong.at).line})`);
    }
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem(400, "the body is not YAML that can be read: it is nested too deeply or repeats itself");
  }
}

/** Finds keys that JSON has not, and those that are the same in JSON, such as `1` and `"1"`. */
function wrongKey(document: Document.Parsed): { at: number; message: string } | null {
  let wrong: { at: number; message: string } | null = null;
  visit(document, {
    Map(_, map) {
      const seen = new Set<string>();
      for (const { key } of map.items) {
        const text = isScalar(key) ? jsonKey(key.value) : null;
        const message = text === null ? "expected a text as a key" : `the key ${JSON.stringify(text)} is repeated`;
        if (text === null || seen.has(text)) {
          wrong = { at: (isNode(key) ? key.range?.[0] : null) ?? 0, message };
          return visit.BREAK;
        }
        seen.add(text);
      }
      return undefined;
    },
  });
  return wrong;
}
