/** Reads manifests from YAML or JSON, and writes them. */
import { type Document, isMap, isScalar, isSeq, type ParsedNode, parseAllDocuments, stringify, visit } from "yaml";
import { manifestEntry } from "../core/service/manifest-export.ts";
import { fieldPath } from "../core/values/fields.ts";
import { jsonFault, jsonKey } from "../core/values/json-value.ts";
import { idOf, type Project, type Service } from "./lists.ts";

const MAX_ALIASES = 100;

export interface Manifest {
  /** A name; null: the file does not say. */
  project: string | null;
  /** The body for the hub: the manifest without the project. The hub checks it. */
  body: Record<string, unknown>;
}

/**
 * A file has one manifest, several YAML documents, or a list of manifests. JSON is YAML, too. Throws an error that names
 * the file and the line.
 */
export function parseManifests(text: string, file: string): Manifest[] {
  const documents = parseAllDocuments(text, { logLevel: "error", prettyErrors: true, uniqueKeys: isSameKey });
  const list = Array.isArray(documents) ? documents : [];
  const error = list.flatMap(({ errors }) => errors)[0];
  if (error !== undefined) throw new Error(`${file} is not YAML: ${error.message.split("\n")[0]}`);
  if (list.some(hasOddKey)) throw new Error(`${file}: expected a text as a key, not a list or a map`);
  const values = list.flatMap((document): unknown[] => {
    for (const node of isSeq(document.contents) ? document.contents.items : [document.contents]) keepNames(node);
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
    return Array.isArray(value) ? value : value === null ? [] : [value];
  });
  if (values.length === 0) throw new Error(`${file} has no manifest: expected services:`);
  return values.map((value) => manifestOf(value, file));
}

/** JSON has no keys but texts. */
function hasOddKey(document: Document.Parsed): boolean {
  let found = false;
  visit(document, {
    Pair(_, { key }) {
      found ||= !isScalar(key);
      return found ? visit.BREAK : undefined;
    },
  });
  return found;
}

/** The hub gets JSON, in which `1` and `"1"` are the same key. */
function isSameKey(a: ParsedNode, b: ParsedNode): boolean {
  return isScalar(a) && isScalar(b) && jsonKey(a.value) === jsonKey(b.value);
}

/** A name may look like a number: YAML takes 007 for 7 and 1e3 for 1000. What the file says is the name. */
function keepNames(manifest: unknown): void {
  if (!isMap(manifest)) return;
  keepText(manifest.get("project", true));
  const services = manifest.get("services", true);
  for (const service of isSeq(services) ? services.items : []) if (isMap(service)) keepText(service.get("name", true));
}

function keepText(node: unknown): void {
  if (isScalar(node) && typeof node.value === "number" && node.source !== undefined) node.value = node.source;
}

function manifestOf(value: unknown, file: string): Manifest {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Error(`${file}: expected services: and perhaps project:`);
  }
  const fault = jsonFault(value);
  if (fault !== null) throw new Error(`${file}: ${fieldPath(fault.path)}: ${fault.message}`);
  const { project = null, ...body }: Record<string, unknown> = { ...value };
  if (project === null) return { project: null, body };
  if (typeof project !== "string" || idOf(project) !== null) throw new Error(`${file}: project: expected a name`);
  return { project, body };
}

export function exportedManifest(project: Project, services: readonly Service[]) {
  return { project: project.name, services: services.map(exportedEntry) };
}

/** With the version: a hub that gets the manifest can't always find it by a check. */
function exportedEntry(service: Service) {
  const entry = manifestEntry(service);
  return service.version === null ? entry : { ...entry, version: service.version };
}

/** One YAML document for each manifest. */
export function manifestsYaml(manifests: readonly object[]): string {
  return manifests.map((manifest) => stringify(manifest, { lineWidth: 0 })).join("---\n");
}
