/** Tells whether the hub itself has a working network. Used when no probe of a round got a response. */
const TIMEOUT_MS = 3_000;

/** Returns true when the control target sends any response, or when no control target is set. */
export async function canSee(url: string | undefined): Promise<boolean> {
  if (url === undefined) return true;
  try {
    const response = await fetch(url, { method: "HEAD", redirect: "manual", signal: AbortSignal.timeout(TIMEOUT_MS) });
    await response.body?.cancel();
    return true;
  } catch {
    return false;
  }
}
