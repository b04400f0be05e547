/** A project's services as a manifest that says no more than it has to. */
import { guessPort, guessServiceType } from "../../core/target.ts";
import type { Service } from "../api/queries.ts";

export type ManifestEntry = Record<string, unknown> & { name: string };

const DEFAULTS: Record<string, unknown> = {
  health_interval: 30,
  health_timeout: 5,
  health_retries: 3,
  health_options: {},
  container_id: null,
  agent: null,
  tags: [],
  capabilities: [],
  metadata: {},
  depends_on: [],
  enabled: true,
};
const SHORT_INTERVAL_S = 5;

/** What applying it unchanged leaves as it is. The version stays out: probes find it. */
export function manifestEntry(service: Service): ManifestEntry {
  const { name, health_method, health_url, service_type, port } = service;
  const entry: ManifestEntry = { name, health_method, health_url };
  if (service_type !== guessServiceType(health_method, health_url)) entry.service_type = service_type;
  for (const [field, usual] of Object.entries(DEFAULTS)) {
    const value = service[field as keyof Service];
    if (JSON.stringify(value) !== JSON.stringify(usual)) entry[field] = value;
  }
  // Of a short interval the hub makes another default.
  if (service.health_interval <= SHORT_INTERVAL_S) entry.health_timeout = service.health_timeout;
  if (port !== null && port !== guessPort(health_method, health_url)) entry.port = port;
  return entry;
}

export const EMPTY_MANIFEST = `# The services of this project. "Preview" shows what would change before anything does.
services: []
#  - name: site
#    health_method: http
#    health_url: http://localhost:8080/health
#    health_interval: 30
#    depends_on: [db]
#  - name: db
#    health_method: postgres
#    health_url: postgres://localhost:5432/app
`;
