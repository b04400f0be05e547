/** Can the hub itself see? Asked when nothing answered a probe. */
const TIMEOUT_MS = 3_000;

/** True when any answer comes back, or when no control target is set. */
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
