/** Every part of a running hub is made from these. */

import { parseSettings, type Settings } from "../core/hub/settings.ts";
import type { Clock } from "../core/time/clock.ts";
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
