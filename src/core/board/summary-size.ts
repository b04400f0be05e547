/** Makes a summary fit into a message. */
import { jsonBytes } from "../values/json-value.ts";
import { SPARE_FIELDS, type SpareField, type Summary } from "./summary.ts";

/**
 * Leaves out one field of all services after another, as many as it takes. The rest may still be too large.
 * `maxBytes`: of the summary as JSON in UTF-8.
 */
export function withinSize(summary: Summary, maxBytes: number): Summary {
  const spare = SPARE_FIELDS.filter((field) => summary.services.some((service) => field in service));
  let fitting = summary;
  for (const field of spare) {
    if (jsonBytes(fitting) <= maxBytes) return fitting;
    fitting = without(fitting, field);
  }
  return fitting;
}

function without(summary: Summary, field: SpareField): Summary {
  return {
    ...summary,
    left_out: [...(summary.left_out ?? []), field],
    services: summary.services.map((service) => {
      const { [field]: _, ...rest } = service;
      return rest;
    }),
  };
}
