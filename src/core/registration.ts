/** What can be registered: the schemas that validate and document it. Rules across fields: service-rules.ts. */
import { z } from "zod";
import { type HealthOptions, healthOptionsSchema } from "./options.ts";
import { HEALTH_METHODS, type HealthMethod, SERVICE_TYPES, type ServiceType } from "./records.ts";

const MAX_METADATA_BYTES = 8_192;
const MAX_METADATA_DEPTH = 32;
const MAX_MANIFEST_SERVICES = 1_000;
export const MIN_INTERVAL_S = 5;
export const MAX_INTERVAL_S = 86_400;
export const DEFAULT_INTERVAL_S = 30;
export const DEFAULT_TIMEOUT_S = 5;
export const DEFAULT_RETRIES = 3;

const NAME = "[a-z0-9][a-z0-9_-]{0,62}";
/** A service of this name would share its NATS subject with the hub's own summary. */
export const RESERVED_SERVICE_NAME = "summary";
const nameMessage = "expected 1 to 63 of a-z, 0-9, _ and -, the first a letter or digit";

/** A name becomes a token of a NATS subject. */
export const nameSchema = z.string().regex(new RegExp(`^${NAME}$`), nameMessage);
const serviceNameSchema = nameSchema.refine((name) => name !== RESERVED_SERVICE_NAME, "this name is reserved");

const text = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine((value) => !/[\p{Cc}\p{Cs}]/u.test(value), "control characters are not allowed");

export const metadataSchema = z
  .record(z.string(), z.unknown())
  .refine((value) => depthWithin(value, MAX_METADATA_DEPTH), {
    message: `nested deeper than ${MAX_METADATA_DEPTH} levels`,
    abort: true,
  })
  .refine((value) => new TextEncoder().encode(JSON.stringify(value)).length <= MAX_METADATA_BYTES, {
    message: `larger than ${MAX_METADATA_BYTES} bytes`,
  });

const fields = {
  service_type: z.enum(SERVICE_TYPES).describe("Guessed from the target when absent"),
  health_url: z
    .string()
    .max(2_048)
    .describe("The target; secrets as `${PROBE_SECRET_NAME}`. May be absent for `heartbeat` and `exec`"),
  health_interval: z.int().min(MIN_INTERVAL_S).max(MAX_INTERVAL_S).describe("Seconds; default 30"),
  health_timeout: z
    .int()
    .min(1)
    .max(MAX_INTERVAL_S)
    .describe("Seconds, less than the interval; default 5, or less when the interval is 5"),
  health_retries: z.int().min(0).max(10).describe("Failures in a row that are forgiven; default 3"),
  health_options: healthOptionsSchema,
  version: text(128).nullable(),
  port: z.int().min(1).max(65_535).nullable().describe("Guessed from the target when absent"),
  container_id: text(128).nullable(),
  agent: nameSchema.nullable().describe("The agent that runs the check; needed for `exec`"),
  tags: z.array(text(64)).max(50),
  capabilities: z.array(text(64)).max(50),
  metadata: metadataSchema,
  depends_on: z
    .array(z.string().regex(new RegExp(`^(${NAME}/)?${NAME}$`), "expected `service` or `project/service`"))
    .max(100),
  enabled: z.boolean().describe("Default true"),
};

const optionalFields = z.strictObject(fields).partial().shape;

/** A service of a manifest. */
export const serviceSchema = z
  .strictObject({ name: serviceNameSchema, health_method: z.enum(HEALTH_METHODS), ...optionalFields })
  .meta({ id: "ServiceInput" });
export type ServiceBody = z.infer<typeof serviceSchema>;

/** `POST /api/services`: in a project by id or by name. */
export const newServiceSchema = serviceSchema
  .extend({ project_id: z.int().min(1).optional(), project: nameSchema.optional() })
  .meta({ id: "NewService" });

/** Self-registration: the names stand in the path; a name in the body must be the same. */
export const selfRegistrationSchema = serviceSchema
  .extend({ name: serviceNameSchema.optional(), project: nameSchema.optional() })
  .meta({ id: "SelfRegistration" });

export const servicePatchSchema = serviceSchema.partial().meta({ id: "ServicePatch" });
export type ServicePatch = z.infer<typeof servicePatchSchema>;

export const projectInputSchema = z
  .strictObject({ name: nameSchema, metadata: metadataSchema.optional() })
  .meta({ id: "ProjectInput" });
export const projectPatchSchema = projectInputSchema.partial().meta({ id: "ProjectPatch" });

export const manifestSchema = z
  .strictObject({ services: z.array(serviceSchema).max(MAX_MANIFEST_SERVICES) })
  .meta({ id: "Manifest" });

/** A service as it is stored, every default filled in. */
export interface ServiceInput {
  name: string;
  service_type: ServiceType;
  health_method: HealthMethod;
  health_url: string;
  health_interval: number;
  health_timeout: number;
  health_retries: number;
  health_options: HealthOptions;
  /** Absent: what a probe found stays. */
  version?: string | null;
  port: number | null;
  container_id: string | null;
  agent: string | null;
  tags: string[];
  capabilities: string[];
  metadata: Record<string, unknown>;
  depends_on: string[];
  enabled: boolean;
}

/** Without recursion: an input may be nested deeper than the stack allows. */
export function depthWithin(value: unknown, max: number): boolean {
  let level = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > max) return false;
    level = level.flatMap((each) => (typeof each === "object" && each !== null ? Object.values(each) : []));
  }
  return true;
}
