/** The form of a service: the text in its fields, and the conversion to and from the body of a request. */
import { HEALTH_METHODS, type HealthMethod, isOption, methodOf } from "../../core/methods/index.ts";
import { SERVICE_TYPES, type ServiceType } from "../../core/service/records.ts";
import {
  defaultOf,
  type FieldName,
  SERVICE_FIELDS,
  type ServiceDefinition,
} from "../../core/service/service-definition.ts";
import type { FieldError } from "../../core/values/fields.ts";
import type { Service } from "../api/queries.ts";
import { contentOf, draftOf, isUsed, NO_OPTIONS, type OptionsDraft, readOptions } from "./option-draft.ts";

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
  health_options: OptionsDraft;
  agent: string;
  /** The container that the service is in, which the form does not change; null: it is in none that is known. */
  container: string | null;
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
  health_options: NO_OPTIONS,
  agent: "",
  container: null,
};

export function formOf(service: Service): ServiceForm {
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
    health_options: draftOf(service.health_options),
    agent: service.agent ?? "",
    container: service.container_id,
  };
}

const COPY = "-copy";
const MAX_NAME = 63;

/** The form of a new service like this one, in the same project. */
export function duplicateOf(service: Service): ServiceForm {
  return { ...formOf(service), name: service.name.slice(0, MAX_NAME - COPY.length) + COPY, container: null };
}

/** The form sends its own fields. The hub keeps the values of all others. */
export type ServiceBody = Omit<Pick<ServiceDefinition, Extract<keyof ServiceForm, FieldName>>, "service_type"> & {
  service_type?: ServiceType;
};

/** The names of the fields whose text could not be read are in the errors. The body has other values for these. */
export interface ReadForm {
  body: ServiceBody;
  errors: FieldError[];
}

/** Refuses only text that is not a number and options that can't be read. */
export function readForm(form: ServiceForm): ReadForm {
  const { options, errors } = readOptions(form.health_options, form);
  const wholeNumber = (path: NumberField) => {
    if (/^\d{1,6}$/.test(form[path].trim())) return Number(form[path]);
    errors.push({ path, message: "expected a whole number" });
    return Number(defaultText(path));
  };
  const health_interval = wholeNumber("health_interval");
  const isAsked = isAskedFor(form.health_method);
  const body: ServiceBody = {
    name: form.name.trim(),
    health_method: form.health_method,
    health_url: form.health_url.trim(),
    ...(form.service_type !== "" && { service_type: form.service_type }),
    health_interval,
    health_timeout: isAsked ? wholeNumber("health_timeout") : unusedTimeout(form.health_timeout, health_interval),
    health_retries: isAsked ? wholeNumber("health_retries") : unusedRetries(form.health_retries),
    recover_after: wholeNumber("recover_after"),
    tags: splitList(form.tags),
    depends_on: splitList(form.depends_on),
    health_options: options,
    agent: isAsked ? agentOf(form.agent) : unusedAgent(form.agent),
  };
  return { body, errors };
}

/** Returns the body, or what can't be read. */
export function bodyOf(form: ServiceForm): { body: ServiceBody } | { errors: FieldError[] } {
  const { body, errors } = readForm(form);
  return errors.length > 0 ? { errors } : { body };
}

/** Whether somebody asks the service. One that calls in itself has no agent, and no checks that time out or are repeated. */
export function isAskedFor(method: HealthMethod): boolean {
  return methodOf(method).runner !== "service";
}

/** Whether the form shows a field for the path of an error. */
export function hasField(form: ServiceForm, path: string): boolean {
  const [, field = "", option] = /^([^.[]+)(?:\.([^.[]+))?/.exec(path) ?? [];
  switch (field) {
    case "health_url":
      return methodOf(form.health_method).target !== null;
    case "agent":
    case "health_timeout":
    case "health_retries":
      return isAskedFor(form.health_method);
    case "health_options":
      return option === undefined || form.health_options.as === "json" || (isOption(option) && isUsed(option, form));
    default:
      return Object.hasOwn(form, field);
  }
}

/** The form does not show a field that its method does not use, so the value that stays must not be refused. */
function unusedTimeout(text: string, interval: number): number {
  const kept = SERVICE_FIELDS.health_timeout.schema.safeParse(Number(text));
  if (kept.success && kept.data < interval) return kept.data;
  return Number(defaultOf("health_timeout", { health_method: METHOD, health_interval: interval }));
}

function unusedRetries(text: string): number {
  const kept = SERVICE_FIELDS.health_retries.schema.safeParse(Number(text.trim() || Number.NaN));
  return kept.success ? kept.data : Number(defaultText("health_retries"));
}

function unusedAgent(text: string): string | null {
  return SERVICE_FIELDS.agent.schema.safeParse(agentOf(text)).data ?? null;
}

function agentOf(text: string): string | null {
  return text.trim() || null;
}

/** Whether the forms say something different, however they show it. */
export function isChanged(form: ServiceForm, first: ServiceForm): boolean {
  const said = (each: ServiceForm) => JSON.stringify({ ...each, health_options: contentOf(each.health_options) });
  return form !== first && said(form) !== said(first);
}

/** Takes commas, spaces or both. */
export function splitList(text: string): string[] {
  return text.split(/[\s,]+/).filter(Boolean);
}

export function asMethod(text: string): HealthMethod {
  return HEALTH_METHODS.find((method) => method === text) ?? METHOD;
}

export function asType(text: string): ServiceType | "" {
  return SERVICE_TYPES.find((type) => type === text) ?? "";
}
