/** The command that calls an operation. Words in capitals are to be replaced. */
import { needsSignature, type Operation, type Parameter, type Schema, type Schemas } from "./api-docs.ts";
import { resolve } from "./api-docs-schema.ts";

const MAX_DEPTH = 6;

/** Returns null for an operation that only another hub can call. `origin`: for example `https://hub.example.com`. */
export function curlLine(operation: Operation, schemas: Schemas, origin: string): string | null {
  const { method, path, security = [], parameters = [], requestBody } = operation;
  if (needsSignature(security)) return null;
  const required = parameters.filter((parameter) => parameter.required === true);
  const query = required.filter((parameter) => parameter.in === "query").map(({ name }) => `${name}=${wordOf(name)}`);
  const place = path.replaceAll(/\{([^}]+)\}/g, (_, name: string) => wordOf(name));
  const [body] = Object.entries(requestBody?.content ?? {});
  const headers = [
    ...(security.length > 0 ? ["Authorization: Bearer KEY"] : []),
    ...required
      .filter((parameter: Parameter) => parameter.in === "header")
      .map(({ name }) => `${name}: ${wordOf(name)}`),
    ...(body === undefined ? [] : [`Content-Type: ${body[0]}`]),
  ];
  return [
    "curl",
    ...(method === "GET" ? [] : ["-X", method]),
    ...headers.flatMap((header) => ["-H", quoted(header)]),
    ...(body === undefined ? [] : ["-d", quoted(JSON.stringify(exampleOf(body[1].schema ?? {}, schemas)))]),
    quoted(`${origin}${place}${query.length > 0 ? `?${query.join("&")}` : ""}`),
  ].join(" ");
}

function wordOf(name: string): string {
  return name.toUpperCase().replaceAll(/[^A-Z0-9]+/g, "_");
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Returns a value with the required fields only. */
export function exampleOf(schema: Schema, schemas: Schemas, name = "text", depth = 0): unknown {
  const whole = resolve(schema, schemas);
  const type = typeof whole.type === "string" ? whole.type : whole.type?.[0];
  if (whole.const !== undefined) return whole.const;
  if (whole.default !== undefined) return whole.default;
  if (whole.enum !== undefined) return whole.enum[0];
  const [choice] = [...(whole.anyOf ?? []), ...(whole.oneOf ?? [])];
  if (choice !== undefined) return exampleOf(choice, schemas, name, depth + 1);
  if (type === "object") {
    if (depth > MAX_DEPTH) return {};
    const fields = (whole.required ?? []).map((field) => {
      return [field, exampleOf(whole.properties?.[field] ?? {}, schemas, field, depth + 1)];
    });
    return Object.fromEntries(fields);
  }
  if (type === "array") {
    const entry = whole.items;
    return entry === undefined || depth > MAX_DEPTH ? [] : [exampleOf(entry, schemas, name, depth + 1)];
  }
  if (type === "integer" || type === "number") return whole.minimum ?? 1;
  if (type === "boolean") return true;
  return type === "null" ? null : wordOf(name);
}
