/** The schema of `health_options`: the options of all methods. It validates, documents and types them. */
import { z } from "zod";
import { methodsWith, OPTION_NAMES, OPTIONS, type OptionName, type OptionSchemas } from "../methods/index.ts";

const MAX_OPTIONS_BYTES = 4_096; // the 24 checks of a lane must fit in one queue message of 128 KB

function schemaOf(name: OptionName): z.ZodType {
  const { schema, says } = OPTIONS[name];
  return says === undefined ? schema : schema.describe(`${methodsWith(name).join(", ")}: ${says}`);
}

const schemas = Object.fromEntries(OPTION_NAMES.map((name) => [name, schemaOf(name)])) as OptionSchemas; // by name

export const healthOptionsSchema = z
  .strictObject(schemas)
  .partial()
  .refine((options) => JSON.stringify(options).length <= MAX_OPTIONS_BYTES, {
    message: `options are larger than ${MAX_OPTIONS_BYTES} bytes`,
  })
  .meta({ id: "HealthOptions" });

export type HealthOptions = z.infer<typeof healthOptionsSchema>;
