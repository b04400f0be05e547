/** Finds the message that belongs below a field. */
import type { FieldError } from "../../core/values/fields.ts";

/** Returns the first error of the field or of a value inside the field. */
export function errorOf(errors: readonly FieldError[], name: string): string | undefined {
  return errors.find(({ path }) => isWithin(path, name))?.message;
}

/** As errorOf, with the place of a value inside the field, such as `[0].path`. */
export function errorAt(errors: readonly FieldError[], name: string): string | undefined {
  const error = errors.find(({ path }) => isWithin(path, name));
  if (error === undefined) return undefined;
  const place = placeOf(error.path.slice(name.length));
  return place === "" ? error.message : `${place}: ${error.message}`;
}

/** Every error of the options as one text, for a field that has all of them. */
export function optionsErrorOf(errors: readonly FieldError[]): string | undefined {
  const own = errors.filter(({ path }) => isWithin(path, OPTIONS));
  const texts = own.map(({ path, message }) => {
    const place = path.slice(OPTIONS.length + 1);
    return place === "" ? message : `${place}: ${message}`;
  });
  return texts.length === 0 ? undefined : texts.join("; ");
}

const OPTIONS = "health_options";

function isWithin(path: string, name: string): boolean {
  return path === name || path.startsWith(`${name}.`) || path.startsWith(`${name}[`);
}

/** `[0].path` → `no. 1, path`. */
function placeOf(rest: string): string {
  return rest
    .replaceAll(/\[(\d+)\]/g, (_, index: string) => `.no. ${Number(index) + 1}`)
    .split(/\.(?! )/)
    .filter(Boolean)
    .join(", ");
}
