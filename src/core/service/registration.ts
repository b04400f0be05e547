/**
 * The schemas of registrations; they validate and document the API. Rules that concern several fields are in
 * service-rules.ts.
 */
import { z } from "zod";
import { MAX_PROJECT_SERVICES } from "./manifest-limits.ts";
import { nameSchema, serviceNameSchema } from "./names.ts";
import { fieldSchemas, metadataSchema } from "./service-definition.ts";

const { name, health_method, ...optional } = fieldSchemas();

/** A service of a manifest. */
export const serviceSchema = z
  .strictObject({ name, health_method, ...z.strictObject(optional).partial().shape })
  .meta({ id: "ServiceInput" });
export type ServiceBody = z.infer<typeof serviceSchema>;

/** `POST /api/services`: the body names the project by id or by name. */
export const newServiceSchema = serviceSchema
  .extend({ project_id: z.int().min(1).optional(), project: nameSchema.optional() })
  .meta({ id: "NewService" });

/** Self-registration: the path contains the names. A name in the body must be the same. */
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
  .strictObject({ services: z.array(serviceSchema).max(MAX_PROJECT_SERVICES) })
  .meta({ id: "Manifest" });
