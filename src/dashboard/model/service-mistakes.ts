/** Judges the form of a service by the rules of the hub, so that it says everything that is wrong at once. */
import { methodOf } from "../../core/methods/index.ts";
import { nameSchema } from "../../core/service/names.ts";
import { serviceSchema } from "../../core/service/registration.ts";
import { parseService } from "../../core/service/service-rules.ts";
import { type FieldError, fieldErrors } from "../../core/values/fields.ts";
import { readForm, type ServiceForm } from "./service-form.ts";

/** The hub alone knows which addresses and secrets it allows. */
const RULES = { allowPrivate: true, mayReceive: () => true };

/** `asksProject`: the form has a field for the project. */
export function mistakesOf(form: ServiceForm, asksProject: boolean): FieldError[] {
  const { body, errors } = readForm(form);
  const found = new Mistakes([...(asksProject ? projectErrors(form.project) : []), ...missing(form), ...errors]);
  const whole = { ...body, container_id: form.container };
  const read = serviceSchema.safeParse(found.without(whole));
  if (!read.success) found.add(fieldErrors(read.error));
  const rest = serviceSchema.safeParse(found.without(whole));
  const parsed = rest.success ? parseService(rest.data, RULES) : null;
  if (parsed?.ok === false) found.add(parsed.error);
  return found.errors;
}

function projectErrors(text: string): FieldError[] {
  if (text.trim() === "") return [{ path: "project", message: "needed" }];
  const read = nameSchema.safeParse(text.trim());
  return read.success ? [] : fieldErrors(read.error, "project");
}

function missing({ name, health_method, health_url }: ServiceForm): FieldError[] {
  const errors = [];
  if (name.trim() === "") errors.push({ path: "name", message: "needed" });
  if (methodOf(health_method).target !== null && health_url.trim() === "")
    errors.push({ path: "health_url", message: `needed for ${health_method}` });
  return errors;
}

/** A field that is wrong already is not judged again, and the rules do not see it. */
class Mistakes {
  readonly errors: FieldError[];

  constructor(errors: readonly FieldError[]) {
    this.errors = [...errors];
  }

  add(errors: readonly FieldError[]): void {
    const wrong = this.#fields();
    // The interval that a wrong one is replaced by is nobody's wish.
    if (wrong.has("health_interval")) wrong.add("health_timeout");
    this.errors.push(...errors.filter(({ path }) => !wrong.has(fieldOf(path))));
  }

  /** The service with only those fields that are not wrong; it keeps a name, which it needs. */
  without(body: { health_options: object }): Record<string, unknown> {
    const wrong = this.#fields();
    const isRight = (prefix: string) => (entry: readonly [string, unknown]) => !wrong.has(prefix + entry[0]);
    const kept = Object.entries(body).filter(isRight(""));
    const options = Object.entries(body.health_options).filter(isRight(OPTIONS));
    return {
      name: "a",
      ...Object.fromEntries(kept),
      health_options: wrong.has("health_options") ? {} : Object.fromEntries(options),
    };
  }

  #fields(): Set<string> {
    return new Set(this.errors.map(({ path }) => fieldOf(path)));
  }
}

const OPTIONS = "health_options.";

/** The field, or the option, that an error is about. */
function fieldOf(path: string): string {
  return /^(health_options\.[^.[]+|[^.[]+)/.exec(path)?.[0] ?? path;
}
