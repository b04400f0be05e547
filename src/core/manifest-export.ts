/** A service as a manifest's entry that says no more than it has to. */
import { defaultOf, FIELD_NAMES, type ServiceDefinition } from "./service-definition.ts";

export type ManifestEntry = Record<string, unknown> & { name: string };

/** Applied again, the entry changes nothing. The version is left out because probes find it. */
export function manifestEntry(service: ServiceDefinition): ManifestEntry {
  const entry: Record<string, unknown> = {};
  for (const field of FIELD_NAMES) {
    const isDefault = JSON.stringify(service[field]) === JSON.stringify(defaultOf(field, service));
    if (field !== "version" && !isDefault) entry[field] = service[field];
  }
  return { ...entry, name: service.name };
}
