/** The messages between a hub and an agent that is one of its vantages: the hub asks it to look at services once. */
import { z } from "zod";
import { checkSchema } from "../lane/queue-messages.ts";
import { PROBED_METHODS } from "../methods/index.ts";
import { healthOptionsSchema } from "../service/options.ts";
import type { Observation } from "../service/records.ts";
import { observedFields } from "./agent-protocol.ts";

/** Checks in one task. A message of the queue holds fewer. */
const MAX_TASK_CHECKS = 500;

const taskCheckSchema = checkSchema.extend({
  health_options: healthOptionsSchema,
  // Commands and containers are the agent's own: no hub asks for them.
  health_method: z.enum(PROBED_METHODS),
});

export const agentTaskSchema = z.object({
  /** Rises with each task. */
  seq: z.int(),
  checks: z.array(taskCheckSchema).max(MAX_TASK_CHECKS),
});
export type AgentTask = z.infer<typeof agentTaskSchema>;

export const agentTaskResultSchema = z.object({
  seq: z.int(),
  /** In the order of the checks. */
  observations: z.array(z.object(observedFields)).max(MAX_TASK_CHECKS),
});
export type AgentTaskResult = z.infer<typeof agentTaskResultSchema>;

/** An agent whose clock is wrong must not date an observation outside of its task. Times in Unix ms. */
export function observationsOf(
  { observations }: AgentTaskResult,
  vantage: string,
  task: { from: number; to: number },
): Observation[] {
  return observations.map((seen) => ({ ...seen, vantage, at: Math.min(Math.max(seen.at, task.from), task.to) }));
}

/** Returns null for what is no JSON of the schema. */
export function parseFrame<S extends z.ZodType>(text: string, schema: S): z.infer<S> | null {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
