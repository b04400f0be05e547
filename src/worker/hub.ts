/** Every part of a running hub is made from these. */
import type { Clock } from "../core/clock.ts";
import { parseSettings, type Settings } from "../core/settings.ts";
import type { Bindings } from "../platform/bindings.ts";

export interface Hub {
  env: Bindings;
  settings: Settings;
  clock: Clock;
}

/** Throws when a setting is wrong. */
export function hubOf(env: Bindings, clock: Clock): Hub {
  return { env, settings: parseSettings(env), clock };
}
