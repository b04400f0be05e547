/** Looks for queues that nothing fills or consumes. */

import type { DeployedConfig } from "./config.ts";
import { type Finding, orFine, wrong } from "./finding.ts";

/** The consumer knows its queues by the ends of their names. */
const QUEUE_ENDINGS = ["-probes", "-outcomes", "-dead"];

/** Each queue is filled, consumed once, and has a dead-letter queue that is consumed too. */
export function queueFindings({ producers = [], consumers = [] }: DeployedConfig["queues"]): Finding[] {
  const consumed = consumers.map(({ queue }) => queue);
  const filled = producers.map(({ queue }) => queue);
  const dead = consumers.flatMap(({ dead_letter_queue }) => dead_letter_queue ?? []);
  const problems = [
    ...[...new Set(filled)]
      .filter((queue) => !consumed.includes(queue))
      .map((queue) => `queue ${queue}: nothing consumes it`),
    ...consumers.flatMap(({ queue, dead_letter_queue }, index) => [
      ...(consumed.indexOf(queue) === index ? [] : [`queue ${queue}: it has two consumers`]),
      ...(filled.includes(queue) || dead.includes(queue)
        ? []
        : [`queue ${queue}: no producer fills it, and it is the dead-letter queue of none`]),
      ...(QUEUE_ENDINGS.some((ending) => queue.endsWith(ending))
        ? []
        : [`queue ${queue}: the Worker knows queues that end with ${QUEUE_ENDINGS.join(", ")}`]),
      ...deadLetterProblems(queue, dead_letter_queue, consumed, filled),
    ]),
  ];
  return orFine(
    problems.map(wrong),
    `queues: all ${consumed.length} are filled and consumed; ${dead.length} are for dead letters`,
  );
}

/** A queue that only has dead letters needs no dead-letter queue. */
function deadLetterProblems(
  queue: string,
  target: string | undefined,
  consumed: readonly string[],
  filled: readonly string[],
): string[] {
  if (target === undefined) {
    return filled.includes(queue)
      ? [`queue ${queue}: it has no dead-letter queue, so messages that fail are lost`]
      : [];
  }
  if (target === queue) return [`queue ${queue}: it is its own dead-letter queue`];
  return consumed.includes(target)
    ? []
    : [`queue ${target}: it has the dead letters of ${queue}, and nothing consumes it`];
}
