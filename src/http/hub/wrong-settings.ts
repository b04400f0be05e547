/** The answers of a hub whose settings are wrong: its health names them, and everything else waits until they are right. */
import type { Context } from "hono";
import { version } from "../../../package.json";
import { settingsHealth } from "../../core/hub/hub-health.ts";
import type { SettingsError } from "../../core/hub/settings.ts";
import { Problem, problemResponse } from "../problem.ts";
import { HEALTH_HEADERS, HEALTH_PATHS } from "./hub-health.ts";

const AGAIN_S = 60;

/** The words of the error name settings and what is expected of them, and never their values. `now`: Unix ms. */
export function withoutSettings(c: Context, { message }: SettingsError, now: number): Response {
  const isHealth = HEALTH_PATHS.includes(c.req.path) && ["GET", "HEAD"].includes(c.req.method);
  if (isHealth) return c.body(JSON.stringify(settingsHealth(version, message, now)), 503, HEALTH_HEADERS);
  const detail = `this hub does nothing until somebody corrects it: ${message}`;
  return problemResponse(c, new Problem(503, detail, { headers: { "retry-after": String(AGAIN_S) } }));
}
