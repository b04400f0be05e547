/** Names of projects, services and agents. */
import { z } from "zod";

/** A name as a regular expression. It is used as a token of a NATS subject, so it contains no dots or blanks. */
export const NAME = "[a-z0-9][a-z0-9_-]{0,62}";
/** A service with this name would have the same NATS subject as the hub's summary. */
export const RESERVED_SERVICE_NAME = "summary";

export const nameSchema = z
  .string()
  .regex(new RegExp(`^${NAME}$`), "expected 1 to 63 of a-z, 0-9, _ and -, the first a letter or digit");
export const serviceNameSchema = nameSchema.refine((name) => name !== RESERVED_SERVICE_NAME, "this name is reserved");
