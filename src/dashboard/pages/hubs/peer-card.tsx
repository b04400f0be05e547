/** One other hub: how it is, how fresh the news of it is, and what an admin can do about it. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { problemText } from "../../api/client.ts";
import { approveHub, federatedServicesQuery, hubsQuery, type Peer, removeHub } from "../../api/federation-queries.ts";
import { duration, latency } from "../../model/format.ts";
import { Ago } from "../../ui/ago.tsx";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/dialog.tsx";
import { HealthMark, StatusMark } from "../../ui/status-mark.tsx";

const SOURCES: Record<Peer["source"], string> = {
  registered: "registration",
  introduced: "another hub",
  nats: "NATS only",
};

export function PeerCard({ peer, isAdmin }: { peer: Peer; isAdmin: boolean }) {
  return (
    <article className="card flex flex-col gap-3 px-5 py-4" aria-label={peer.hub_id}>
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h2 className="min-w-0 break-words">
          <span className="font-semibold">{peer.name ?? peer.hub_id}</span>{" "}
          <span className="text-muted">
            {peer.hub_id} {peer.region}
          </span>
        </h2>
        {peer.status === "pending" ? (
          <span className="font-medium text-degraded">Waits for approval</span>
        ) : (
          <StatusMark status={peer.status} soft />
        )}
      </div>
      {peer.error !== null && <p className="break-words text-down">{sentence(peer.error)}</p>}
      <dl className="flex flex-wrap gap-x-8 gap-y-2">
        <Item name="Its services">
          {peer.overall_status === null ? "–" : <HealthMark health={peer.overall_status} />}
        </Item>
        <Item name="Number">{peer.service_count}</Item>
        <Item name="News">
          <span className={peer.freshness === "stale" ? "font-medium text-degraded" : undefined}>{peer.freshness}</span>
        </Item>
        <Item name="Sync">{peer.lag_seconds === null ? "–" : `${duration(peer.lag_seconds * 1_000)} ago`}</Item>
        <Item name="Response">{latency(peer.latency_ms)}</Item>
        <Item name="Last heard">
          {peer.last_seen === null ? "never connected" : <Ago at={Date.parse(peer.last_seen)} />}
        </Item>
        <Item name="Known by">{SOURCES[peer.source]}</Item>
      </dl>
      <div className="flex flex-wrap items-center gap-3">
        {peer.url !== null && (
          <a className="link break-all" href={peer.url} rel="noreferrer">
            {peer.url}
          </a>
        )}
        {isAdmin && peer.source !== "nats" && <Actions peer={peer} />}
      </div>
    </article>
  );
}

/** The error is the middle of a sentence about the hub. */
function sentence(error: string): string {
  return error.startsWith("it ") ? `It ${error.slice(3)}` : error;
}

function Actions({ peer }: { peer: Peer }) {
  const [isConfirming, setIsConfirming] = useState(false);
  const approve = useChange(approveHub);
  const remove = useChange(removeHub);
  return (
    <span className="ml-auto flex flex-wrap items-center gap-2">
      {approve.error !== null && <span className="text-down">{problemText(approve.error)}</span>}
      {peer.status === "pending" && (
        <span className="text-muted">
          its key: <code className="break-all">{peer.key ?? "none yet"}</code>
        </span>
      )}
      {peer.status === "pending" && (
        <Button look="primary" disabled={approve.isPending} onClick={() => approve.mutate(peer)}>
          Approve {peer.hub_id}
        </Button>
      )}
      <Button look="danger" aria-label={`Remove ${peer.hub_id}`} onClick={() => setIsConfirming(true)}>
        Remove
      </Button>
      {isConfirming && (
        <Confirm
          title={`Remove ${peer.hub_id}?`}
          action="Remove it"
          busy={remove.isPending}
          problem={remove.error === null ? undefined : problemText(remove.error)}
          confirm={() => remove.mutate(peer, { onSuccess: () => setIsConfirming(false) })}
          close={() => setIsConfirming(false)}
        >
          The hub is told, and what is known of its services here is deleted. It comes back only when an admin approves
          it.
        </Confirm>
      )}
    </span>
  );
}

function useChange(change: (peer: Peer) => Promise<void>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSettled: async () => {
      await client.invalidateQueries({ queryKey: hubsQuery.queryKey });
      await client.invalidateQueries({ queryKey: federatedServicesQuery.queryKey });
    },
  });
}

function Item({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt className="text-muted">{name}</dt>
      <dd className="tabular-nums">{children}</dd>
    </div>
  );
}
