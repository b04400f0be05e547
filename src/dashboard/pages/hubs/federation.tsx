/** The other hubs that this hub knows. */
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { hubsQuery, type Peer } from "../../api/federation-queries.ts";
import { duration, latency } from "../../model/format.ts";
import { Ago } from "../../ui/ago.tsx";
import { Empty, Failure, Loading } from "../../ui/notice.tsx";
import { Page } from "../../ui/page.tsx";
import { useSession } from "../../ui/session.tsx";
import { HealthMark, StatusMark } from "../../ui/status-mark.tsx";
import { FederatedServices } from "./federated-services.tsx";

export function Federation() {
  const { hub } = useSession();
  const { data: peers, error, refetch } = useQuery(hubsQuery);
  const others = peers?.filter((peer) => peer.hub_id !== hub.id);
  return (
    <Page title="Federation" lead={`Seen from ${hub.name}`}>
      {others === undefined && error === null && <Loading what="the hubs" />}
      {others === undefined && error !== null && <Failure error={error} retry={() => void refetch()} />}
      {others?.length === 0 && (
        <Empty title="This hub is alone">
          <p>
            Hubs that know each other share what they see: each keeps checking its own services and can tell of those of
            the others. This hub, <code className="font-mono">{hub.id}</code>, has heard of no other.
          </p>
        </Empty>
      )}
      {others !== undefined && others.length > 0 && (
        <ul className="flex flex-col gap-3">
          {others.map((peer) => (
            <li key={peer.hub_id}>
              <PeerCard peer={peer} />
            </li>
          ))}
        </ul>
      )}
      {others !== undefined && others.length > 0 && <FederatedServices />}
    </Page>
  );
}

function PeerCard({ peer }: { peer: Peer }) {
  return (
    <article className="card flex flex-col gap-3 px-5 py-4">
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
      <dl className="flex flex-wrap gap-x-8 gap-y-2">
        <Item name="Its services">
          {peer.overall_status === null ? "–" : <HealthMark health={peer.overall_status} />}
        </Item>
        <Item name="Number">{peer.service_count ?? "–"}</Item>
        <Item name="Lag">{peer.lag_seconds === null ? "–" : duration(peer.lag_seconds * 1_000)}</Item>
        <Item name="Response">{latency(peer.latency_ms)}</Item>
        <Item name="Last heard">{peer.last_seen === null ? "never" : <Ago at={Date.parse(peer.last_seen)} />}</Item>
        <Item name="Known by">{peer.source}</Item>
      </dl>
    </article>
  );
}

function Item({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt className="text-muted">{name}</dt>
      <dd className="tabular-nums">{children}</dd>
    </div>
  );
}
