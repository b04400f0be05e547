/** Notices in place of content: the content is empty, could not be loaded, or is being loaded. */
import type { ReactNode } from "react";
import { problemText } from "../api/client.ts";
import { Button } from "./button.tsx";

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="card flex flex-col items-center gap-3 px-6 py-12 text-center">
      <h2 className="text-lg font-semibold">{title}</h2>
      <div className="flex max-w-prose flex-col items-center gap-4 text-muted">{children}</div>
    </div>
  );
}

export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  return (
    <div role="alert" className="card flex flex-wrap items-center gap-3 border-down px-4 py-3">
      <span className="font-medium text-down">Could not be loaded:</span>
      <span>{problemText(error)}</span>
      {retry !== undefined && <Button onClick={retry}>Try again</Button>}
    </div>
  );
}

/** Shows grey bars that have about the size of the coming content. */
export function Loading({ rows = 4, what }: { rows?: number; what: string }) {
  return (
    <div role="status" className="flex flex-col gap-3">
      <span className="sr-only">Loading {what}</span>
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the bars are all alike
        <div key={row} className="h-11 animate-pulse rounded-lg bg-raised" />
      ))}
    </div>
  );
}

interface Asked {
  data?: unknown;
  error: unknown;
  refetch(): unknown;
}

/** Shows that a query is on its way or has failed; nothing once it has data. */
export function QueryState({
  query: { data, error, refetch },
  ...loading
}: {
  query: Asked;
  rows?: number;
  what: string;
}) {
  if (data !== undefined) return null;
  return error === null ? <Loading {...loading} /> : <Failure error={error} retry={() => void refetch()} />;
}
