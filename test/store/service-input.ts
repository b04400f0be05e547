/** The input of a service, for tests in any runtime. */
import type { ServiceInput } from "../../src/core/service/service-definition.ts";

/** 2026-11-05T10:00:00Z */
export const NOW = 1_793_872_800_000;

export function serviceInput(fields: Partial<ServiceInput> & { name: string }): ServiceInput {
  return {
    service_type: "api",
    health_method: "http",
    health_url: "http://a.example.com/",
    health_interval: 30,
    health_timeout: 5,
    health_retries: 3,
    recover_after: 1,
    health_options: {},
    port: null,
    container_id: null,
    agent: null,
    tags: [],
    capabilities: [],
    metadata: {},
    depends_on: [],
    enabled: true,
    ...fields,
  };
}
