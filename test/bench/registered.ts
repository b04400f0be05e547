/** Fills a hub with services and waits until each has been checked. */

import type { HealthOptions } from "../../src/core/service/options.ts";
import { accepted, json } from "../processes/hub-client.ts";
import type { Target } from "./target-process.ts";

const SERVICES_A_MANIFEST = 1_000;
const POLL_MS = 500;
const PATIENCE_MS = 240_000;

/** A request with the admin token. */
export interface Api {
  fetch(path: string, init?: RequestInit): Promise<Response>;
}

export interface Registration {
  count: number;
  /** Number of the first one; by default 0. */
  first?: number;
  /** Seconds. */
  interval: number;
  target: Target;
  options?: HealthOptions;
  progress(line: string): void;
}

/** Service number n is named `s<n>`, in projects of a thousand. Resolves when all of the hub's services have been checked. */
export async function registerServices(hub: Api, registration: Registration): Promise<void> {
  const { count, progress } = registration;
  const end = (registration.first ?? 0) + count;
  for (let first = registration.first ?? 0; first < end; first += SERVICES_A_MANIFEST) {
    const numbers = Array.from({ length: Math.min(SERVICES_A_MANIFEST, end - first) }, (_, index) => first + index);
    await registerProject(hub, `p${first}`, numbers, registration);
  }
  progress(`${count} services are registered`);
  await allChecked(hub, progress);
}

async function registerProject(
  hub: Api,
  name: string,
  numbers: number[],
  { interval, target, options = {} }: Registration,
) {
  const project: { id: number } = await accepted(await hub.fetch("/api/projects", json("POST", { name })));
  const services = numbers.map((number) => ({
    name: `s${number}`,
    health_method: "http",
    health_url: target.url(number),
    health_interval: interval,
    health_options: options,
  }));
  await accepted(await hub.fetch(`/api/projects/${project.id}/manifest`, json("PUT", { services })));
}

async function allChecked(hub: Api, progress: Registration["progress"]): Promise<void> {
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; ) {
    const unknown = await hub.fetch("/api/services?limit=1&status=unknown").catch(() => null); // it may start again
    const { total }: { total: number } = unknown === null ? { total: -1 } : await accepted(unknown);
    if (total === 0) {
      progress("all services are checked");
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`the services were not all checked within ${PATIENCE_MS / 1_000} s`);
}
