/** Asks a second time where the first may have met a connection that the other side had given up already. */
import { CAUSES, failureFromError } from "./failure-words.ts";
import type { ProbeJob } from "./probe.ts";
import { ProbeFailure } from "./probe-failure.ts";

/**
 * Asks once more when the connection was lost before an answer came (RFC 9112, 9.3.1; RFC 7766, 6.2.4), as `fetch` does.
 * So a target has the same verdict everywhere. `ask`: what may be done twice.
 */
export async function onceMore<T>(job: Pick<ProbeJob, "signal" | "progress">, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    const failure = error instanceof ProbeFailure ? error : failureFromError(error, job.progress);
    if (!isLost(failure) || job.signal.aborted) throw failure;
    return await ask();
  }
}

function isLost({ message }: ProbeFailure): boolean {
  return message === CAUSES.reset || message === CAUSES.closed;
}
