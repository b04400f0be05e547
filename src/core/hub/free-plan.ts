/**
 * The limits of Cloudflare's free plan. A day has 10,000 operations of queues, of which a message takes three:
 * https://developers.cloudflare.com/queues/platform/pricing/. A hub reaches all other limits later, see docs/cloudflare.md.
 */
import { type HubHealth, healthCheck } from "./hub-health.ts";

const OPERATIONS_A_DAY = 10_000;
const OPERATIONS_A_MESSAGE = 3;
/** The rest is for retries, first checks, and checks of causes. */
const PLANNED_PART = 0.9;

/** "500 MB (Free)", https://developers.cloudflare.com/d1/platform/limits/ */
export const FREE_D1_LIMIT_BYTES = 500_000_000;

export function freePlanChecks(roundsADay: number, now: number): HubHealth["checks"] {
  const operations = Math.round(roundsADay * OPERATIONS_A_MESSAGE);
  const fits = operations <= OPERATIONS_A_DAY * PLANNED_PART;
  const words = `about ${operations} of the ${OPERATIONS_A_DAY} operations of queues that the free plan has a day`;
  const output = fits ? words : `${words}: checks stop before the day ends; longer intervals or fewer services fit`;
  const check = healthCheck("system", fits ? "pass" : "warn", now, { observedValue: operations, output });
  return { "plan:queueOperations": [check] };
}
