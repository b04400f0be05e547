/** Shows whether the page receives live updates. */
import { useLive } from "../live/live-context.tsx";
import { duration } from "../model/format.ts";
import { Button } from "./button.tsx";
import { useNow } from "./clock.ts";

export function ConnectionMark() {
  const { feed } = useLive();
  const live = feed.phase === "live";
  const word = { connecting: "Connecting", live: "Live", lost: "Offline" }[feed.phase];
  return (
    <span className="inline-flex items-center gap-2 text-muted">
      <span aria-hidden="true" className={`size-2 rounded-full ${live ? "beat bg-up" : "border-2 border-degraded"}`} />
      {word}
    </span>
  );
}

/** Shown while the connection is lost. */
export function LostBanner() {
  const { feed, retry } = useLive();
  const now = useNow();
  if (feed.phase !== "lost") return null;
  const wait = Math.max(0, Math.ceil((feed.retry_at - now) / 1_000));
  return (
    <div
      role="alert"
      className="flex flex-wrap items-center gap-x-4 gap-y-2 border-b border-degraded bg-degraded-soft px-4 py-2 text-degraded"
    >
      <span className="font-medium">Connection lost. What you see is {duration(now - feed.since)} old.</span>
      <span>{wait === 0 ? "Trying again now…" : `Trying again in ${wait} s.`}</span>
      <Button onClick={retry}>Try now</Button>
    </div>
  );
}
