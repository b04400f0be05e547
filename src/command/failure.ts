/** The text that a user reads when a command failed. It never has the key. */
import { HubProblem } from "../client/problem.ts";
import { messageOf } from "../core/values/error-message.ts";
import { printable } from "./text.ts";

export function failureText(error: unknown): string {
  if (!(error instanceof HubProblem)) return printable(messageOf(error));
  const lines = [headline(error)];
  // The detail names the only wrong field already.
  if (error.errors.some(({ message }) => !error.message.includes(message)))
    lines.push(...error.errors.map(({ path, message }) => `  ${path}: ${message}`));
  return lines.map(printable).join("\n");
}

function headline({ status, message, cause }: HubProblem): string {
  if (status === 0) return `${message}${reasonOf(cause)}; is the URL right, and does the hub run?`;
  if (status === 401) return `401: ${message}; set HUB_KEY to a key of the hub, or key: in the configuration`;
  if (status === 403) return `403: the key may not do this: ${message}`;
  return `${status}: ${message}`;
}

/** Node says "fetch failed" and puts the reason into the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (cause instanceof AggregateError) return reasonOf(cause.errors[0]);
  return cause instanceof Error ? ` (${cause.message})` : "";
}
