/** Tells this tab and the others of this browser that somebody signed in or out. */

export type SessionChange = "in" | "out";
type Hear = (change: SessionChange, where: "here" | "elsewhere") => unknown;

const channel = new BroadcastChannel("hub-session");
const listeners = new Set<Hear>();

channel.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
  if (data === "in" || data === "out") tell(data, "elsewhere");
});

export function tellSession(change: SessionChange): void {
  channel.postMessage(change); // to the other tabs only
  tell(change, "here");
}

/** Returns what ends it. */
export function onSession(hear: Hear): () => void {
  listeners.add(hear);
  return () => void listeners.delete(hear);
}

function tell(...change: Parameters<Hear>): void {
  for (const hear of listeners) hear(...change);
}
