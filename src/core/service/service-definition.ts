/**
 * The definition of a service: every field that a person, a manifest or the service itself may set. The rest is derived
 * from it: validation, API documentation, columns, JSON form, revisions, manifest and form. A new field needs one line
 * here, one migration, and a form field if people edit it.
 */
import { z } from "zod";
import { HEALTH_METHODS, type HealthMethod, namesOfMethods } from "../methods/index.ts";
import { depthWithin, jsonBytes, keptAsJson } from "../values/json-value.ts";
import { printableText } from "../values/printable.ts";
import { NAME, nameSchema, serviceNameSchema } from "./names.ts";
import { healthOptionsSchema } from "./options.ts";
import { SERVICE_TYPES } from "./records.ts";
import { guessPort, guessServiceType } from "./target.ts";

const MAX_METADATA_BYTES = 8_192;
const MAX_METADATA_DEPTH = 32;
const MIN_INTERVAL_S = 5;
const MAX_INTERVAL_S = 86_400;
const DEFAULT_INTERVAL_S = 30;
const DEFAULT_TIMEOUT_S = 5;
const DEFAULT_RETRIES = 3;
const DEFAULT_RECOVER_AFTER = 1;

const HUB_ID = "[a-z0-9-]{1,63}";

const text = (max: number) => printableText(max).min(1);

const names = z.array(text(64)).max(50);

const dependencies = z
  .array(
    z
      .string()
      .regex(
        new RegExp(`^((${HUB_ID}/)?${NAME}/)?${NAME}$`),
        "expected `service`, `project/service` or `hub/project/service`",
      ),
  )
  .max(100);

/** A JSON object of limited size, as somebody reports it: what JSON can't keep in it becomes null. */
export const jsonObjectSchema = z
  .record(z.string(), z.unknown())
  .refine((value) => depthWithin(value, MAX_METADATA_DEPTH), {
    message: `nested deeper than ${MAX_METADATA_DEPTH} levels`,
    abort: true,
  })
  .refine((value) => jsonBytes(value) <= MAX_METADATA_BYTES, {
    message: `larger than ${MAX_METADATA_BYTES} bytes`,
  });

/** The fields that people write to have them kept. */
export const metadataSchema = keptAsJson(jsonObjectSchema);

const url = printableText(2_048).describe(
  `The target; secrets as \`\${PROBE_SECRET_NAME}\`. May be absent for ${namesOfMethods(({ target }) => target === null)}`,
);
const type = z.enum(SERVICE_TYPES).describe("Guessed from the target when absent");
const interval = z.int().min(MIN_INTERVAL_S).max(MAX_INTERVAL_S).describe("Seconds; default 30");
const timeout = z
  .int()
  .min(1)
  .max(MAX_INTERVAL_S)
  .describe("Seconds, less than the interval and at most 60 where the hub probes; default 5, or 4 at an interval of 5");
const retries = z.int().min(0).max(10).describe("Failures in a row that are forgiven; default 3");
const recoverAfter = z.int().min(1).max(10).describe("Passes in a row that end an outage; default 1");
const port = z.int().min(1).max(65_535).nullable().describe("Guessed from the target when absent");
const agent = nameSchema
  .nullable()
  .describe(`The agent that runs the check; needed for ${namesOfMethods(({ runner }) => runner === "agent")}`);

/** The fields that defaults of other fields depend on. */
interface Given {
  health_method: HealthMethod;
  health_url?: string | undefined;
  health_interval?: number | undefined;
}

/** How a column stores a field: unchanged, as the JSON text of an object or of an array of texts, or as 0 or 1. */
export type Storage = "plain" | "object" | "texts" | "flag";

interface FieldDefinition<S extends z.ZodType, Revises extends boolean> {
  schema: S;
  /**
   * Returns the value of a field that the input leaves out. It returns undefined when the stored value stays. null: the
   * field is required.
   */
  absent: ((given: Given) => z.infer<S> | undefined) | null;
  stored: Storage;
  /** Whether a changed value makes a new revision of the check. */
  revises: Revises;
}

const part = <S extends z.ZodType>(
  schema: S,
  absent: FieldDefinition<S, true>["absent"],
  stored: Storage = "plain",
): FieldDefinition<S, true> => ({ schema, absent, stored, revises: true });

const label = <S extends z.ZodType>(
  schema: S,
  absent: FieldDefinition<S, false>["absent"],
  stored: Storage = "plain",
): FieldDefinition<S, false> => ({ schema, absent, stored, revises: false });

/**
 * `part`: the field is part of the check, so a change makes a new revision. `label`: the field only describes the
 * service.
 */
export const SERVICE_FIELDS = {
  name: part(serviceNameSchema.describe("Unique in its project"), null),
  service_type: part(type, ({ health_method, health_url = "" }) => guessServiceType(health_method, health_url)),
  health_method: part(z.enum(HEALTH_METHODS).describe("How the service is checked"), null),
  health_url: part(url, () => ""),
  health_interval: part(interval, () => DEFAULT_INTERVAL_S),
  health_timeout: part(timeout, (given) =>
    Math.min(DEFAULT_TIMEOUT_S, (given.health_interval ?? DEFAULT_INTERVAL_S) - 1),
  ),
  health_retries: part(retries, () => DEFAULT_RETRIES),
  recover_after: part(recoverAfter, () => DEFAULT_RECOVER_AFTER),
  health_options: part(keptAsJson(healthOptionsSchema).describe("Options of the method"), () => ({}), "object"),
  version: label(text(128).nullable().describe("When absent, the version that a probe finds"), () => undefined),
  port: label(port, ({ health_method, health_url = "" }) => guessPort(health_method, health_url)),
  container_id: label(text(128).nullable().describe("The container that the service runs in"), () => null),
  agent: part(agent, () => null),
  tags: label(names.describe("To filter lists and discovery"), () => [], "texts"),
  capabilities: label(names.describe("What the service offers; discovery finds it by them"), () => [], "texts"),
  metadata: label(metadataSchema.describe("Any JSON object of at most 8 KB"), () => ({}), "object"),
  depends_on: label(
    dependencies.describe("Services that it needs: `service`, `project/service` or `hub/project/service`"),
    () => [],
    "texts",
  ),
  enabled: part(z.boolean().describe("Default true"), () => true, "flag"),
};

type Fields = typeof SERVICE_FIELDS;
export type FieldName = keyof Fields;
/** The fields of a check. `enabled` is not one of them: it decides whether the check exists. */
export type CheckField = Exclude<
  { [K in FieldName]: Fields[K]["revises"] extends true ? K : never }[FieldName],
  "enabled"
>;
/** The schema of each field. */
export type FieldSchemas = { [K in FieldName]: Fields[K]["schema"] };

/** A service as it is stored and shown, with all defaults filled in. */
export type ServiceDefinition = { [K in FieldName]: z.infer<Fields[K]["schema"]> };

/** A parsed registration. When the version is absent, the version that a probe found stays. */
export type ServiceInput = Omit<ServiceDefinition, "version"> & { version?: ServiceDefinition["version"] };

export const FIELD_NAMES = Object.keys(SERVICE_FIELDS) as FieldName[]; // the keys of the object above
export const REVISING_FIELDS = FIELD_NAMES.filter((name) => SERVICE_FIELDS[name].revises);
export const CHECK_FIELDS = REVISING_FIELDS.filter((name): name is CheckField => name !== "enabled");

/** Returns a copy of the record with only the named fields. */
export function pick<T extends object, K extends keyof T>(record: T, names: readonly K[]): Pick<T, K> {
  return Object.fromEntries(names.map((name) => [name, record[name]])) as Pick<T, K>; // the copy has exactly these keys
}

/** Returns the schema of each field, for z.object. */
export function fieldSchemas(): FieldSchemas {
  return Object.fromEntries(FIELD_NAMES.map((name) => [name, SERVICE_FIELDS[name].schema])) as FieldSchemas; // by name
}

/** Returns the value of a field that a registration leaves out; undefined for required fields and for the version. */
export function defaultOf<K extends FieldName>(name: K, given: Given): ServiceDefinition[K] | undefined {
  const { absent }: FieldDefinition<z.ZodType, boolean> = SERVICE_FIELDS[name];
  return absent?.(given) as ServiceDefinition[K] | undefined; // the default of each field fits its schema
}
