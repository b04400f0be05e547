/** Reads the items of a list one by one: an item that can't be read costs only itself. */
import type { z } from "zod";

export interface Unread {
  /** The item's `service_id` or `id`; null: it has none. */
  service_id: number | null;
  /** Its `project/name`, as far as it has them. */
  place: string;
  /** The trouble, for a person. */
  error: string;
}

const MAX_PLACE_CHARS = 130;

export function readEach<S extends z.ZodType>(
  schema: S,
  items: readonly unknown[],
): { read: z.infer<S>[]; unread: Unread[] } {
  const read: z.infer<S>[] = [];
  const unread: Unread[] = [];
  for (const item of items) {
    const result = schema.safeParse(item);
    if (result.success) read.push(result.data);
    else unread.push({ ...identityOf(item), error: wordsOf(result.error) });
  }
  return { read, unread };
}

function wordsOf({ issues: [first] }: z.ZodError): string {
  return first === undefined ? "not understood" : `${first.path.join(".")}: ${first.message}`;
}

function identityOf(item: unknown): Pick<Unread, "service_id" | "place"> {
  const fields = new Map(typeof item === "object" && item !== null ? Object.entries(item) : []);
  const id: unknown = fields.get("service_id") ?? fields.get("id");
  const place = [fields.get("project"), fields.get("name")].map((part) => (typeof part === "string" ? part : "?"));
  return { service_id: typeof id === "number" ? id : null, place: place.join("/").slice(0, MAX_PLACE_CHARS) };
}
