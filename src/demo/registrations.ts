/** Registers the services of the demo, each with the hub of its region. */
import type { DemoHub } from "./demo-hub.ts";
import type { LittleServices } from "./little-services.ts";

interface Registration {
  hub: string;
  name: string;
  /** The service of little-services.ts that is checked. */
  checks: string;
  fields: object;
}

const http = { health_method: "http", health_interval: 5, health_retries: 1 };

const REGISTRATIONS: readonly Registration[] = [
  {
    hub: "hub-eu",
    name: "orders-db",
    checks: "orders-db",
    fields: { ...http, health_method: "tcp", service_type: "database", capabilities: ["sql"], tags: ["primary"] },
  },
  {
    hub: "hub-eu",
    name: "orders",
    checks: "orders",
    fields: { ...http, service_type: "api", depends_on: ["orders-db"] },
  },
  {
    hub: "hub-eu",
    name: "search",
    checks: "search-eu",
    fields: { ...http, service_type: "api", capabilities: ["search"] },
  },
  {
    hub: "hub-us",
    name: "checkout",
    checks: "checkout",
    fields: { ...http, service_type: "api", depends_on: ["hub-eu/shop/orders"] },
  },
  {
    hub: "hub-us",
    name: "search",
    checks: "search-us",
    fields: { ...http, service_type: "api", capabilities: ["search"] },
  },
  {
    hub: "hub-ap",
    name: "storefront",
    checks: "storefront",
    fields: { ...http, service_type: "web", depends_on: ["hub-us/shop/checkout", "search"] },
  },
  {
    hub: "hub-ap",
    name: "search",
    checks: "search-ap",
    fields: { ...http, service_type: "api", capabilities: ["search"] },
  },
];

/** Throws when a hub refuses a registration. */
export async function registerAll(hubs: readonly DemoHub[], services: LittleServices): Promise<void> {
  for (const { hub: id, name, checks, fields } of REGISTRATIONS) {
    const hub = hubs.find((each) => each.id === id);
    if (hub === undefined) continue;
    const address = services.addresses.get(checks) ?? "";
    const isHttp = "health_method" in fields && fields.health_method === "http";
    const body = { ...fields, health_url: isHttp ? `http://${address}/` : address };
    const response = await fetch(`${hub.url}/api/projects/shop/services/${name}`, {
      method: "PUT",
      headers: { authorization: `Bearer ${hub.token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${id} refuses ${name}: ${await response.text()}`);
  }
}
