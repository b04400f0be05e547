/** Makes a manifest's entry from a service. The entry omits fields with default values. */
import { defaultOf, FIELD_NAMES, type ServiceDefinition } from "./service-definition.ts";

export type ManifestEntry = Record<string, unknown> & { name: string };

/** Applying the entry changes nothing. The version is left out because probes find it. */
export function manifestEntry(service: ServiceDefinition): ManifestEntry {
  const entry: Record<string, unknown> = {};
  for (const field of FIELD_NAMES) {
    const isDefault = JSON.stringify(service[field]) === JSON.stringify(defaultOf(field, service));
    if (field !== "version" && !isDefault) entry[field] = service[field];
  }
  return { ...entry, name: service.name };
}
