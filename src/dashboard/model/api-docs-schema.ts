/** The schemas of the API document in words: one line for each field, with the lines of what is in it. */
import type { Schema, Schemas } from "./api-docs.ts";

export interface SchemaLine {
  name: string;
  /** For example "array of Service". */
  type: string;
  required: boolean;
  /** Limits, values and the like, each of them a few words. */
  notes: readonly string[];
  description: string;
  lines: readonly SchemaLine[];
}

/** Deeper lines are left out. */
const MAX_DEPTH = 8;
const REFERENCE = "#/components/schemas/";

interface Place {
  schemas: Schemas;
  /** The names of the schemas around it. */
  within: readonly string[];
  depth: number;
}

/** Returns the line of a whole body. */
export function lineOf(schema: Schema, schemas: Schemas): SchemaLine {
  return line({ name: "", schema, required: true }, { schemas, within: [], depth: 0 });
}

function line({ name, schema, required }: { name: string; schema: Schema; required: boolean }, at: Place): SchemaLine {
  const whole = resolve(schema, at.schemas);
  const inner = innermost(schema, at.schemas);
  const around = inner.names.find((each) => at.within.includes(each));
  const place = { ...at, within: [...at.within, ...inner.names], depth: at.depth + 1 };
  const isCut = around !== undefined || at.depth >= MAX_DEPTH;
  return {
    name,
    type: typeOf(schema, at.schemas),
    required,
    notes: [
      ...notesOf(whole),
      ...(whole.items === undefined ? [] : notesOf(inner.schema).map((note) => `each ${note}`)),
      ...(around === undefined ? [] : ["as above"]),
    ],
    description: whole.description ?? "",
    lines: isCut ? [] : linesOf(inner.schema, place),
  };
}

/** Returns the schema without references: what it refers to, with what it says beside that. */
export function resolve(schema: Schema, schemas: Schemas, seen: readonly string[] = []): Schema {
  const { $ref, allOf = [], ...own } = schema;
  const name = nameOf(schema);
  const isKnown = name !== undefined && !seen.includes(name);
  const parts = [...(isKnown ? [schemas[name] ?? {}] : []), ...allOf];
  const inside = name === undefined ? seen : [...seen, name];
  return parts.map((part) => resolve(part, schemas, inside)).reduceRight((merged, part) => merge(part, merged), own);
}

function merge(first: Schema, second: Schema): Schema {
  const merged: Schema = { ...first, ...second };
  if (first.properties && second.properties) merged.properties = { ...first.properties, ...second.properties };
  if (first.required && second.required) merged.required = [...first.required, ...second.required];
  return merged;
}

function nameOf({ $ref }: Schema): string | undefined {
  return $ref?.startsWith(REFERENCE) ? $ref.slice(REFERENCE.length) : undefined;
}

/** Returns the schema of the entries of a list, at any depth, with the names on the way. Others stay as they are. */
function innermost(
  schema: Schema,
  schemas: Schemas,
  above: readonly string[] = [],
): { schema: Schema; names: string[] } {
  const name = nameOf(schema);
  if (name !== undefined && above.includes(name)) return { schema: {}, names: [] };
  const names = name === undefined ? [] : [name];
  const whole = resolve(schema, schemas);
  if (whole.items === undefined) return { schema: whole, names };
  const inner = innermost(whole.items, schemas, [...above, ...names]);
  return { schema: inner.schema, names: [...names, ...inner.names] };
}

function linesOf(schema: Schema, place: Place): SchemaLine[] {
  const required = schema.required ?? [];
  const fields = Object.entries(schema.properties ?? {}).map(([name, field]) =>
    line({ name, schema: field, required: required.includes(name) }, place),
  );
  const tuple = (schema.prefixItems ?? []).map((entry, index) =>
    line({ name: `entry ${index + 1}`, schema: entry, required: true }, place),
  );
  const others = typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined;
  const any = others === undefined ? [] : [line({ name: "any name", schema: others, required: false }, place)];
  return [...fields, ...tuple, ...any, ...variantsOf(schema, place)];
}

/** A choice between single values is told by its type alone. */
function variantsOf(schema: Schema, place: Place): SchemaLine[] {
  const variants = choicesOf(schema).map((choice, index) =>
    line({ name: `variant ${index + 1}`, schema: choice, required: false }, place),
  );
  return variants.some(({ lines, notes }) => lines.length + notes.length > 0) ? variants : [];
}

function choicesOf({ anyOf = [], oneOf = [] }: Schema): readonly Schema[] {
  return [...anyOf, ...oneOf];
}

export function typeOf(schema: Schema, schemas: Schemas): string {
  const name = nameOf(schema);
  if (name !== undefined) return name;
  const { type, items, allOf = [], ...rest } = schema;
  if (items !== undefined) {
    const list = `array of ${typeOf(items, schemas)}`;
    return Array.isArray(type) && type.includes("null") ? `${list} or null` : list;
  }
  const types = [
    ...(typeof type === "string" ? [type] : (type ?? [])),
    ...choicesOf(rest).map((choice) => typeOf(choice, schemas)),
    ...allOf.map((part) => typeOf(part, schemas)).filter((each) => each !== "any value"),
  ];
  const separator = allOf.length > 0 ? " and " : " or ";
  return types.length === 0 ? "any value" : [...new Set(types)].join(separator);
}

function notesOf(schema: Schema): string[] {
  const { format, pattern } = schema;
  const given = (value: unknown) => value !== undefined;
  return [
    ...(schema.enum ? [`one of ${schema.enum.map(code).join(", ")}`] : []),
    ...(given(schema.const) ? [`always ${code(schema.const)}`] : []),
    ...(given(format) ? [`format ${code(format)}`] : []),
    ...range(schema.minimum, schema.maximum, ""),
    ...(given(schema.exclusiveMinimum) ? [`more than ${schema.exclusiveMinimum}`] : []),
    ...(given(schema.exclusiveMaximum) ? [`less than ${schema.exclusiveMaximum}`] : []),
    ...range(schema.minLength, schema.maxLength, " characters"),
    ...range(schema.minItems, schema.maxItems, " entries"),
    ...(given(pattern) ? [`pattern ${code(pattern)}`] : []),
    ...(given(schema.default) ? [`default ${code(schema.default)}`] : []),
  ];
}

function range(least: number | undefined, most: number | undefined, unit: string): string[] {
  if (least === undefined) return most === undefined ? [] : [`at most ${most}${unit}`];
  if (most === undefined) return [`at least ${least}${unit}`];
  return [least === most ? `${least}${unit}` : `${least} to ${most}${unit}`];
}

function code(value: unknown): string {
  return `\`${typeof value === "string" && value !== "" ? value : JSON.stringify(value)}\``;
}
