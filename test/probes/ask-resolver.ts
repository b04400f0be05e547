/** Asks a resolver over TCP. */
import type { HealthOptions } from "../../src/core/service/options.ts";
import { runCheck } from "./run-check.ts";

export const TIMEOUT_S = 30;

export function ask(port: number, name: string, health_options: HealthOptions = {}, health_timeout = TIMEOUT_S) {
  return runCheck({
    health_method: "dns",
    health_url: `dns://127.0.0.1:${port}/${name}`,
    health_options,
    health_timeout,
  });
}
