/** Errors of an input, one for each wrong field. */
import type { z } from "zod";
import type { Result } from "./result.ts";

export interface FieldError {
  /** Like `services[3].health_url`; empty: the whole input is wrong. */
  path: string;
  message: string;
}

export type Parsed<T> = Result<T, FieldError[]>;

/** Returns every issue with its path below `prefix`. An unknown field gets its own path. */
export function fieldErrors(error: z.ZodError, prefix = ""): FieldError[] {
  return error.issues.flatMap((issue) => {
    if (issue.code !== "unrecognized_keys") return [{ path: fieldPath(issue.path, prefix), message: issue.message }];
    return issue.keys.map((key) => ({ path: fieldPath([...issue.path, key], prefix), message: "unknown field" }));
  });
}

/** Returns the parts as one text, like `services[3].health_url`. */
export function fieldPath(parts: readonly PropertyKey[], prefix = ""): string {
  return parts.reduce<string>((path, part) => {
    if (typeof part === "number") return `${path}[${part}]`;
    return path === "" ? String(part) : `${path}.${String(part)}`;
  }, prefix);
}
