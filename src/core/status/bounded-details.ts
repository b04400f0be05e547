/** Bounds what a probe, a service or an agent says of a service, where it enters the pipeline. */

import type { Observation, ObservationDetails } from "../service/records.ts";
import { printableWithin } from "../values/printable.ts";

const MAX_DETAILS = 64;
const MAX_NAME_CHARS = 64;
const MAX_TEXT_CHARS = 256;
/** As long as a registration may say it: databases, NATS and other hubs take no more. */
const MAX_VERSION_CHARS = 128;

export function bounded(observation: Observation): Observation {
  return { ...observation, details: boundedDetails(observation.details) };
}

function boundedDetails(details: ObservationDetails): ObservationDetails {
  const entries = Object.entries(details).slice(0, MAX_DETAILS);
  return Object.fromEntries(
    entries.map(([name, value]) => [
      printableWithin(name, MAX_NAME_CHARS),
      name === "version" ? versionOf(value) : boundedValue(value),
    ]),
  );
}

/** A version is a text, whatever a service sends for it. */
function versionOf(value: ObservationDetails[string]): string | undefined {
  return value === null || value === undefined || value === ""
    ? undefined
    : printableWithin(String(value), MAX_VERSION_CHARS);
}

function boundedValue(value: ObservationDetails[string]): ObservationDetails[string] {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  return typeof value === "string" ? printableWithin(value, MAX_TEXT_CHARS) : value;
}
