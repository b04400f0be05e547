/** Tells whether the hub itself has a working network. Used when no probe of a round got a response. */
import { edgeFailure } from "./edge-answers.ts";
import { answerOf, discard } from "./http-answer.ts";

const TIMEOUT_MS = 3_000;

/** Returns true when the control target sends any response, or when no control target is set. */
export async function canSee(url: string | undefined): Promise<boolean> {
  if (url === undefined) return true;
  try {
    const response = await fetch(url, { method: "HEAD", redirect: "manual", signal: AbortSignal.timeout(TIMEOUT_MS) });
    const { failure, answer } = await edgeFailure(answerOf(response));
    await discard(answer);
    return failure === null;
  } catch {
    return false;
  }
}
