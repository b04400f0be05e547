/** The form of a service: the text in its fields, and the conversion to and from the body of a request. */
import { HEALTH_METHODS, type HealthMethod } from "../../core/methods/index.ts";
import { SERVICE_TYPES, type ServiceType } from "../../core/service/records.ts";
import { defaultOf, type FieldName, type ServiceDefinition } from "../../core/service/service-definition.ts";
import type { Service } from "../api/queries.ts";

/** The text in the fields of the form. */
export interface ServiceForm {
  project: string;
  name: string;
  health_method: HealthMethod;
  health_url: string;
  /** When empty, the hub guesses the type from the target. */
  service_type: ServiceType | "";
  health_interval: string;
  health_timeout: string;
  health_retries: string;
  recover_after: string;
  tags: string;
  depends_on: string;
  /** JSON. */
  health_options: string;
  agent: string;
}

const METHOD: HealthMethod = "http";
type NumberField = "health_interval" | "health_timeout" | "health_retries" | "recover_after";
const defaultText = (field: NumberField) => String(defaultOf(field, { health_method: METHOD }));

export const NEW_SERVICE: ServiceForm = {
  project: "",
  name: "",
  health_method: METHOD,
  health_url: "",
  service_type: "",
  health_interval: defaultText("health_interval"),
  health_timeout: defaultText("health_timeout"),
  health_retries: defaultText("health_retries"),
  recover_after: defaultText("recover_after"),
  tags: "",
  depends_on: "",
  health_options: "",
  agent: "",
};

export function formOf(service: Service): ServiceForm {
  const { health_options: options } = service;
  return {
    project: service.project,
    name: service.name,
    health_method: service.health_method,
    health_url: service.health_url,
    service_type: service.service_type,
    health_interval: String(service.health_interval),
    health_timeout: String(service.health_timeout),
    health_retries: String(service.health_retries),
    recover_after: String(service.recover_after),
    tags: service.tags.join(", "),
    depends_on: service.depends_on.join(", "),
    health_options: Object.keys(options).length === 0 ? "" : JSON.stringify(options, null, 2),
    agent: service.agent ?? "",
  };
}

const COPY = "-copy";
const MAX_NAME = 63;

/** The form of a new service like this one, in the same project. */
export function duplicateOf(service: Service): ServiceForm {
  return { ...formOf(service), name: service.name.slice(0, MAX_NAME - COPY.length) + COPY };
}

/** The form sends its own fields. The hub keeps the values of all others. */
export type ServiceBody = Omit<Pick<ServiceDefinition, Extract<keyof ServiceForm, FieldName>>, "service_type"> & {
  service_type?: ServiceType;
};

/** Refuses only text that is not a number and options that are not a JSON object. The hub checks everything else. */
export function bodyOf(form: ServiceForm): { body: ServiceBody } | { errors: { path: string; message: string }[] } {
  const errors: { path: string; message: string }[] = [];
  const wholeNumber = (path: NumberField) => {
    if (/^\d{1,6}$/.test(form[path].trim())) return Number(form[path]);
    errors.push({ path, message: "expected a whole number" });
    return 0;
  };
  const health_options = parseOptions(form.health_options);
  if (health_options === null) errors.push({ path: "health_options", message: "expected a JSON object" });
  const body: ServiceBody = {
    name: form.name.trim(),
    health_method: form.health_method,
    health_url: form.health_url.trim(),
    ...(form.service_type !== "" && { service_type: form.service_type }),
    health_interval: wholeNumber("health_interval"),
    health_timeout: wholeNumber("health_timeout"),
    health_retries: wholeNumber("health_retries"),
    recover_after: wholeNumber("recover_after"),
    tags: splitList(form.tags),
    depends_on: splitList(form.depends_on),
    health_options: health_options ?? {},
    agent: form.agent.trim() === "" ? null : form.agent.trim(),
  };
  return errors.length > 0 ? { errors } : { body };
}

function splitList(text: string): string[] {
  return text.split(/[\s,]+/).filter(Boolean);
}

/** Returns null when the text is no JSON object. Empty text means no options. */
export function parseOptions(text: string): Service["health_options"] | null {
  if (text.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

export function asMethod(text: string): HealthMethod {
  return HEALTH_METHODS.find((method) => method === text) ?? METHOD;
}

export function asType(text: string): ServiceType | "" {
  return SERVICE_TYPES.find((type) => type === text) ?? "";
}
