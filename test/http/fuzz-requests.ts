/**
 * Requests made from an OpenAPI document and then spoiled: wrong values, unknown fields, broken bodies, odd paths.
 * Runs in Node and in workerd, against an app or against a URL.
 */
import fc from "fast-check";

export interface FuzzRequest {
  method: string;
  /** With its query; safe to append to an origin. */
  path: string;
  headers: Record<string, string>;
  body: string | Uint8Array<ArrayBuffer> | null;
}

interface JsonSchema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  items?: JsonSchema;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean | JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
}

interface Operation {
  parameters?: { name: string; in: string; required?: boolean; schema?: JsonSchema }[];
  requestBody?: { content?: Record<string, { schema?: JsonSchema }> };
}

/** As much of the document as is needed; the document of `/openapi.json` fits. */
export interface ApiDocument {
  paths?: object;
  components?: { schemas?: object };
}

const HTTP_METHODS = ["get", "put", "post", "patch", "delete"];
const OTHER_METHODS = ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"];
const MEDIA_TYPES = [
  "application/json",
  "application/yaml",
  "text/plain",
  "application/x-www-form-urlencoded",
  "multipart/form-data",
  "",
  "a/b;=;",
];
const MAX_DEPTH = 4;

/** Values that are at home in no field. */
const nasty = fc.oneof(
  fc.constantFrom<unknown>(
    ...[null, true, -1, 0, 1.5, 1e308, Number.MAX_SAFE_INTEGER + 2, "", " ", "\u0000", "\ud800", "\u202e", "__proto__"],
    ...["../../etc/passwd", "' OR 1=1 --", "${PROBE_SECRET_X}", "http://[::1", "http://0x7f.1", "a".repeat(5_000)],
    ...[[], {}, [[]], { toString: 1 }],
  ),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.jsonValue({ maxDepth: 3 }),
);

const rawBody = fc.oneof(
  fc.constantFrom("", "{", "null", "[]", '{"__proto__":{"name":"x"}}', '{"a":1,"a":2}', "\ufeff{}", "NaN", '"\\ud800"'),
  fc.constantFrom("[", '{"a":', "- ", "&a [*a]\n").map((part) => part.repeat(20_000)),
  fc.constant(`{"name":"${"x".repeat(300_000)}"}`),
  fc.constantFrom("a: &a [x,x]\nb: &b [*a,*a]\nservices: [*b,*b,*b]", "services: !!js/function 'x'", "? [a]\n: b"),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => new Uint8Array(bytes)),
  fc.string({ unit: "binary", maxLength: 200 }),
);

const pathPart = fc.oneof(
  fc.integer({ min: 1, max: 9 }).map(String),
  fc.constantFrom(
    ...[
      "0",
      "-1",
      "007",
      "1.5",
      "1e9",
      "99999999999999999999",
      "9007199254740993",
      "NaN",
      "shop",
      "%00",
      "%zz",
      "%ED%A0%80",
    ],
    ...["%2e%2e", "%2F", "constructor", "__proto__", "a".repeat(300), "%F0%9F%92%A9", "'%20OR%201=1", "*", ":id"],
  ),
);

/** Every operation of the document comes up; about half of the requests are well-formed but for one thing. */
export function fuzzRequests(document: ApiDocument): fc.Arbitrary<FuzzRequest> {
  const operations = Object.entries<Record<string, Operation>>({ ...document.paths }).flatMap(([path, item]) =>
    HTTP_METHODS.flatMap((method) => {
      const operation = item[method];
      return operation === undefined ? [] : [{ path, method: method.toUpperCase(), operation }];
    }),
  );
  const known = fc.oneof(
    ...operations.map(({ path, method, operation }) => operationRequest(document, path, method, operation)),
  );
  const odd = fc.record({
    method: fc.constantFrom(...OTHER_METHODS),
    path: fc
      .array(fc.oneof(pathPart, fc.constantFrom("api", "services", "projects", "ws", "health", "")), { maxLength: 6 })
      .map((parts) => `/${parts.join("/")}`),
    headers: fc.constant({}),
    body: fc.constant(null),
  });
  return fc.oneof({ weight: 9, arbitrary: known }, { weight: 1, arbitrary: odd });
}

function operationRequest(
  document: ApiDocument,
  path: string,
  method: string,
  operation: Operation,
): fc.Arbitrary<FuzzRequest> {
  const holes = [...path.matchAll(/\{\w+\}/g)].length;
  const [mediaType = "application/json", media] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  const value = media?.schema === undefined ? nasty : spoiled(valid(document, media.schema, 0));
  const hasBody = method !== "GET" && method !== "HEAD";
  return fc
    .record({
      method: fc.oneof(
        { weight: 19, arbitrary: fc.constant(method) },
        { weight: 1, arbitrary: fc.constantFrom("PUT", "OPTIONS") },
      ),
      parts: fc.array(pathPart, { minLength: holes, maxLength: holes }),
      query: queryText(document, operation),
      type: fc.oneof(
        { weight: 4, arbitrary: fc.constant(mediaType) },
        { weight: 1, arbitrary: fc.constantFrom(...MEDIA_TYPES) },
      ),
      body: fc.oneof({ weight: 4, arbitrary: value.map(jsonText) }, { weight: 1, arbitrary: rawBody }),
    })
    .map(({ parts, query, type, body, ...rest }) => {
      const given = [...parts];
      return {
        method: rest.method,
        path: path.replaceAll(/\{\w+\}/g, () => given.shift() ?? "1") + query,
        headers: !hasBody || type === "" ? {} : { "content-type": type },
        body: hasBody ? body : null,
      };
    });
}

function queryText(document: ApiDocument, operation: Operation): fc.Arbitrary<string> {
  const parameters = (operation.parameters ?? []).filter((parameter) => parameter.in === "query");
  const names = [
    ...parameters.map((parameter) => parameter.name),
    "__proto__",
    "limit",
    "cursor",
    "since",
    "constructor",
  ];
  const good = parameters.map(({ name, schema }) =>
    valid(document, schema ?? {}, 0).map((value) => `${name}=${encode(String(value))}`),
  );
  const bad = fc
    .tuple(
      fc.constantFrom(...names),
      fc.oneof(
        nasty.map((value) => encode(String(jsonText(value)))),
        pathPart,
      ),
    )
    .map(([name, value]) => `${name}=${value}`);
  return fc
    .array(fc.oneof(...good, bad), { maxLength: 3 })
    .map((pairs) => (pairs.length === 0 ? "" : `?${pairs.join("&")}`));
}

/** A lone surrogate can't be percent-encoded. */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

function jsonText(value: unknown): string {
  return JSON.stringify(value) ?? "null";
}

/** The value, or the value with one thing wrong. */
function spoiled(value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const changed = fc
    .tuple(value, fc.nat(50), nasty, fc.constantFrom("replace", "drop", "add"))
    .map(([whole, at, bad, how]) => {
      if (typeof whole !== "object" || whole === null) return bad;
      const entries = Object.entries(whole);
      const index = at % entries.length;
      const [key] = entries[index] ?? [];
      if (key === undefined) return bad;
      if (how === "drop") return Object.fromEntries(entries.toSpliced(index, 1));
      if (how === "add") return Object.fromEntries([...entries, [at % 2 === 0 ? "__proto__" : "unknown", bad]]);
      return Object.fromEntries(entries.with(index, [key, bad]));
    });
  return fc.oneof(value, changed);
}

/** Values that a schema lets through, as far as JSON Schema can say it. */
function valid(document: ApiDocument, schema: JsonSchema, depth: number): fc.Arbitrary<unknown> {
  const name = schema.$ref?.split("/").at(-1);
  if (name !== undefined) {
    return valid(
      document,
      Object.entries<JsonSchema>({ ...document.components?.schemas }).find(([id]) => id === name)?.[1] ?? {},
      depth,
    );
  }
  const choices = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (choices !== undefined) return fc.oneof(...choices.map((choice) => valid(document, choice, depth)));
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const types = [schema.type ?? "any"].flat();
  return fc.oneof(...types.map((type) => typedValue(document, schema, type, depth)));
}

function typedValue(document: ApiDocument, schema: JsonSchema, type: string, depth: number): fc.Arbitrary<unknown> {
  switch (type) {
    case "null":
      return fc.constant(null);
    case "boolean":
      return fc.boolean();
    case "integer":
      return fc.integer({ min: schema.minimum ?? -10, max: Math.min(schema.maximum ?? 1_000, 2_000_000_000) });
    case "number":
      return fc.double({ min: schema.minimum ?? -10, max: schema.maximum ?? 1_000, noNaN: true });
    case "string":
      return stringOf(schema);
    case "array": {
      const item = depth > MAX_DEPTH ? fc.constant(0) : valid(document, schema.items ?? {}, depth + 1);
      return fc.array(item, { minLength: Math.min(schema.minItems ?? 0, 3), maxLength: 3 });
    }
    case "object":
      return objectOf(document, schema, depth);
    default:
      return nasty;
  }
}

const TARGETS = [
  "https://a.example.com/",
  "http://127.0.0.1/",
  "a.example.com:80",
  "redis://a.example.com",
  "postgres://a.example.com/x",
];

function stringOf(schema: JsonSchema): fc.Arbitrary<string> {
  if (schema.pattern !== undefined) return fc.stringMatching(new RegExp(schema.pattern));
  const text = fc.string({ minLength: schema.minLength ?? 0, maxLength: Math.min(schema.maxLength ?? 20, 60) });
  return (schema.maxLength ?? 0) > 2_000 ? fc.oneof(text, fc.constantFrom(...TARGETS)) : text;
}

function objectOf(document: ApiDocument, schema: JsonSchema, depth: number): fc.Arbitrary<unknown> {
  const properties = Object.entries(schema.properties ?? {});
  if (properties.length === 0) {
    const rest = schema.additionalProperties;
    const value =
      typeof rest === "object" && depth <= MAX_DEPTH ? valid(document, rest, depth + 1) : fc.jsonValue({ maxDepth: 2 });
    return fc.dictionary(fc.string({ maxLength: 8 }), value, { maxKeys: 3 });
  }
  const model = Object.fromEntries(properties.map(([key, property]) => [key, valid(document, property, depth + 1)]));
  const requiredKeys = (schema.required ?? []).filter((key) => Object.hasOwn(model, key));
  return fc.record(model, { requiredKeys });
}
