/** Schemas of path and query parameters: ids, pages, times, flags. */
import { z } from "@hono/zod-openapi";
import { nameSchema, serviceNameSchema } from "../core/service/names.ts";
import type { Page } from "../store/registry/services.ts";

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;
/** The largest time that a Date can hold, Unix ms. */
const MAX_TIME = 8_640_000_000_000_000;

/** Numbers that are too large for an id become 0. Ids start at 1, so nothing is found and the response is a 404. */
const id = z
  .string()
  .regex(/^\d+$/, "expected an id, a whole number")
  .transform((digits) => (digits.length > 15 ? 0 : Number(digits)));

export const idSchema = id.openapi({ type: "integer", minimum: 1 });
export const idParams = z.object({ id: idSchema });
export const nameParams = z.object({ project: nameSchema, name: serviceNameSchema });

/**
 * A cursor is `c`, the last id of the previous page and, after a point, the total that the first page counted; both in
 * base 36. Callers pass it on without reading it.
 */
const CURSOR = /^c([0-9a-z]{1,10})(?:\.([0-9a-z]{1,8}))?$/;
const cursor = z
  .string()
  .regex(CURSOR, "expected the next_cursor of an earlier answer")
  .transform((text) => {
    const [, after = "0", total] = CURSOR.exec(text) ?? [];
    return { after: Number.parseInt(after, 36), total: total === undefined ? undefined : Number.parseInt(total, 36) };
  });

export const pageQuery = z.object({
  limit: z
    .string()
    .regex(/^\d{1,4}$/, `expected 1 to ${MAX_LIMIT}`)
    .transform(Number)
    .pipe(z.int().min(1).max(MAX_LIMIT))
    .default(DEFAULT_LIMIT)
    .openapi({
      type: "integer",
      minimum: 1,
      maximum: MAX_LIMIT,
      default: DEFAULT_LIMIT,
      description: "Maximum number of entries on the page",
    }),
  cursor: cursor.optional().openapi({ type: "string", description: "`next_cursor` of the page before" }),
});

/** Converts the query into the page that the functions of `store` take. */
export function toPage({ limit, cursor }: z.infer<typeof pageQuery>): Page {
  return { limit, ...cursor };
}

/** Returns null for the last page. */
export function nextCursor(rows: readonly { id: number }[], limit: number, total: number): string | null {
  const last = rows.at(-1);
  return last === undefined || rows.length < limit ? null : `c${last.id.toString(36)}.${total.toString(36)}`;
}

const isoTime = z.union([z.iso.date(), z.iso.datetime({ offset: true, local: true })]);

/**
 * Accepts ISO 8601 or Unix ms; the parsed value is Unix ms. A time without a zone is UTC. A day or an hour that does not
 * exist, such as 30 February, is refused, where Date.parse would take the next one that does.
 */
export const timeSchema = z
  .string()
  .transform((text, context) => {
    const at = /^\d{1,16}$/.test(text) ? Number(text) : isoTime.safeParse(text).success ? utcTime(text) : Number.NaN;
    if (at >= 0 && at <= MAX_TIME) return at;
    context.addIssue({ code: "custom", message: "expected an ISO 8601 time that exists, or Unix milliseconds" });
    return z.NEVER;
  })
  .openapi({ type: "string", format: "date-time" });

function utcTime(text: string): number {
  return Date.parse(/T.*(Z|[+-]\d\d:?\d\d)$/.test(text) || !text.includes("T") ? text : `${text}Z`);
}

export const flagSchema = z.enum(["true", "false"]).transform((value) => value === "true");

/** Text to search or filter by. */
export const textQuery = z.string().min(1).max(200);

const MAX_SERVICES = 100;

/** Of the services that one answer is about. */
export const serviceIds = z
  .string()
  .regex(/^\d{1,15}(,\d{1,15}){0,99}$/, `expected 1 to ${MAX_SERVICES} ids, separated by commas`)
  .transform((text) => [...new Set(text.split(",").map(Number))])
  .openapi({ type: "string", example: "1,2,3", description: `Ids of services, at most ${MAX_SERVICES}` });
