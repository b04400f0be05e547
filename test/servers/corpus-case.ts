/** The format of a case of the corpus; test/probes/corpus/README.md describes it. */
import { z } from "zod";
import { PROBED_METHODS } from "../../src/core/methods/index.ts";

const CERTIFICATES = ["trusted", "misnamed", "selfSigned", "expired", "notYetValid", "stranger"] as const;

/** The hub in workerd, the same over sockets, and an agent. */
const WAYS = ["hub", "socket", "agent"] as const;
/** A local hub, whose probes have a network of their own, must find what a hub finds. */
export const PLACES = [...WAYS, "local hub"] as const;

const stepSchema = z.union([
  z.enum(["close", "reset"]),
  z.strictObject({ expect: z.string() }),
  z.strictObject({ send: z.string(), times: z.int().default(1) }),
  z.strictObject({ text: z.string() }),
  z.strictObject({ base64: z.string() }),
  z.strictObject({ wait: z.int() }),
  z.strictObject({ tls: z.enum(CERTIFICATES), version: z.enum(["TLSv1.2", "TLSv1.3"]).optional() }),
]);

const foundSchema = z.strictObject({
  verdict: z.enum(["ok", "warn", "fail", "unprobeable"]),
  /** A text between slashes is a regular expression. */
  error: z.string().nullable().default(null),
  details: z.record(z.string(), z.unknown()).optional(),
});

export const caseSchema = z.strictObject({
  rule: z.string(),
  server: z.array(z.array(stepSchema)).default([]),
  check: z.strictObject({
    health_method: z.enum(PROBED_METHODS),
    health_url: z.string(),
    health_timeout: z.int().optional(),
    health_options: z.record(z.string(), z.unknown()).default({}),
  }),
  ...foundSchema.shape,
  /** The value of the secret PROBE_SECRET_TEST. */
  secret: z.string().optional(),
  /** Where the platform allows no more. */
  except: z.partialRecord(z.enum(WAYS), foundSchema).default({}),
  only: z.array(z.enum(WAYS)).default([...WAYS]),
});

export type Way = (typeof WAYS)[number];
export type Place = (typeof PLACES)[number];

export function wayOf(place: Place): Way {
  return place === "local hub" ? "hub" : place;
}
export type CorpusFound = z.infer<typeof foundSchema>;
export type CorpusCase = Omit<z.infer<typeof caseSchema>, "server"> & {
  name: string;
  /** Of the case's own server, by place. */
  ports: Partial<Record<Place, number>>;
};

export type Step = z.infer<typeof stepSchema>;
