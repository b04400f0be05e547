/** The option `json` of methods whose answer may be a JSON document. */
import { z } from "zod";
import type { FieldError } from "../values/fields.ts";
import { option, type RuleDeps } from "./method.ts";

export const JSON_OPERATORS = ["==", "!=", "<", "<=", ">", ">=", "exists", "contains"] as const;

const jsonAssertion = z.strictObject({
  path: z.string().min(1).max(256).describe("JSONPath, without match() and search()"),
  op: z.enum(JSON_OPERATORS),
  value: z
    .union([z.string(), z.number(), z.boolean(), z.null()], { error: "expected a text, a number, true, false or null" })
    .optional()
    .describe("A number for < <= > >=; true or false for exists"),
});

export const jsonAnswer = {
  json: option({
    schema: z.array(jsonAssertion).max(10),
    meaning:
      "What must hold in a JSON body: a JSONPath (without match() and search()), one of == != < <= > >= exists contains, and a value.",
    example: [{ path: "$.status", op: "==", value: "ok" }],
    input: "json",
    isCompared: true,
    refusals: (assertions, deps) =>
      assertions.flatMap((assertion, index) => assertionErrors(assertion, `[${index}]`, deps)),
  }),
};

type JsonAssertion = z.infer<typeof jsonAssertion>;

function assertionErrors({ path, op, value }: JsonAssertion, place: string, { pathError }: RuleDeps): FieldError[] {
  const wrongPath = pathError(path);
  const wrongValue = valueError(op, value);
  return [
    ...(wrongPath === null ? [] : [{ path: `${place}.path`, message: wrongPath }]),
    ...(wrongValue === null ? [] : [{ path: `${place}.value`, message: wrongValue }]),
  ];
}

function valueError(op: JsonAssertion["op"], value: unknown): string | null {
  switch (op) {
    case "<":
    case "<=":
    case ">":
    case ">=":
      return typeof value === "number" ? null : `needed for ${op}: a number`;
    case "exists":
      return value === undefined || typeof value === "boolean" ? null : "expected true or false, or none";
    default:
      return value === undefined ? `needed for ${op}: a text, a number, true, false or null` : null;
  }
}
