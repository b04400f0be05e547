/** The words for each status and each health, and the order of concern. */
import type { Health, Status } from "../../core/service/records.ts";

/** The worst first. */
export const BY_CONCERN: readonly Status[] = ["down", "degraded", "unknown", "up"];

export const STATUS_WORDS: Record<Status, string> = {
  up: "Up",
  degraded: "Degraded",
  down: "Down",
  unknown: "Unknown",
};

export const HEALTH_WORDS: Record<Health, string> = {
  healthy: "Healthy",
  degraded: "Degraded",
  unhealthy: "Unhealthy",
  unknown: "Unknown",
};

export function concern(status: Status): number {
  return BY_CONCERN.indexOf(status);
}

/** Returns the status whose colour and shape represent the health. */
export function statusOfHealth(health: Health): Status {
  switch (health) {
    case "healthy":
      return "up";
    case "degraded":
      return "degraded";
    case "unhealthy":
      return "down";
    case "unknown":
      return "unknown";
  }
}
