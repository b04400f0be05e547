/** The API document as the page of the documentation reads it: operations in groups, and which of them are looked for. */

/** A JSON Schema, as far as the API document uses it. */
export interface Schema {
  $ref?: string;
  type?: string | readonly string[];
  description?: string;
  properties?: Readonly<Record<string, Schema>>;
  required?: readonly string[];
  items?: Schema;
  prefixItems?: readonly Schema[];
  additionalProperties?: boolean | Schema;
  anyOf?: readonly Schema[];
  oneOf?: readonly Schema[];
  allOf?: readonly Schema[];
  enum?: readonly unknown[];
  const?: unknown;
  default?: unknown;
  format?: string;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
}

export interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  schema?: Schema;
}

export type Content = Readonly<Record<string, { schema?: Schema }>>;
/** Each entry is enough. An entry has the scopes for each way to identify oneself. */
export type Security = readonly Readonly<Record<string, readonly string[]>>[];

export interface DocumentedOperation {
  operationId: string;
  tags?: readonly string[];
  summary?: string;
  description?: string;
  security?: Security;
  parameters?: readonly Parameter[];
  requestBody?: { required?: boolean; content: Content };
  responses: Readonly<Record<string, { description: string; content?: Content }>>;
}

export type Schemas = Readonly<Record<string, Schema>>;

export interface ApiDocument {
  info: { title: string; version: string; description?: string };
  tags: readonly { name: string; description?: string }[];
  paths: Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>;
  components: { schemas?: Schemas };
}

export interface Operation extends DocumentedOperation {
  /** In capitals. */
  method: string;
  path: string;
}

export interface OperationGroup {
  /** The part of an address that leads to it. */
  anchor: string;
  name: string;
  description: string;
  operations: readonly Operation[];
}

/** Returns the operations by their first tag, in the order of the document's tags. Each operation is in one group. */
export function groupsOf({ tags, paths }: ApiDocument): OperationGroup[] {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ ...operation, method: method.toUpperCase(), path })),
  );
  const known = new Set(tags.map(({ name }) => name));
  const groupOf = ({ tags: [first = ""] = [] }: Operation) => (known.has(first) ? first : "other");
  return [...tags, { name: "other", description: "" }].flatMap(({ name, description = "" }) => {
    const own = operations.filter((operation) => groupOf(operation) === name);
    return own.length === 0 ? [] : [{ anchor: anchorOf(name), name, description, operations: own }];
  });
}

function anchorOf(tag: string): string {
  return `tag-${tag.replaceAll(/[^a-z0-9]+/gi, "-").toLowerCase()}`;
}

/** Returns the groups with those operations that have every word of `text` somewhere. */
export function searchGroups(groups: readonly OperationGroup[], text: string): OperationGroup[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return groups.flatMap((group) => {
    const operations = group.operations.filter((operation) => {
      const about = textOf(operation, group.name);
      return words.every((word) => about.includes(word));
    });
    return operations.length === 0 ? [] : [{ ...group, operations }];
  });
}

function textOf(operation: Operation, group: string): string {
  const { method, path, operationId, summary, description, parameters = [] } = operation;
  const names = parameters.map(({ name }) => name);
  return [method, path, operationId, summary, description, group, ...names].join("\n").toLowerCase();
}

/** Returns in a sentence what a caller needs. */
export function accessOf(security: Security = []): string {
  const scopes = security.flatMap(({ bearer = [] }) => bearer);
  const needs = [
    ...(scopes.length > 0 ? [`a key of the scope ${scopes.map((scope) => `\`${scope}\``).join(" or ")}`] : []),
    ...(needsSignature(security) ? ["a request that is signed by a hub that this hub trusts"] : []),
  ];
  return needs.length === 0 ? "Needs no key." : `Needs ${needs.join(", or ")}.`;
}

/** Returns whether only other hubs can ask for it. */
export function needsSignature(security: Security = []): boolean {
  return security.some((way) => "signature" in way);
}
