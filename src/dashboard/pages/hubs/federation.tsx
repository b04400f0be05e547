/** The other hubs that this hub knows, and the services of all hubs. */
import { useQuery } from "@tanstack/react-query";
import { hubsQuery } from "../../api/federation-queries.ts";
import { Empty, QueryState } from "../../ui/notice.tsx";
import { Page } from "../../ui/page.tsx";
import { useIsAdmin, useSession, useWholeHub } from "../../ui/session.tsx";
import { FederatedServices } from "./federated-services.tsx";
import { JoinHub } from "./join-hub.tsx";
import { PeerCard } from "./peer-card.tsx";

export function Federation() {
  const { hub } = useSession();
  const isWhole = useWholeHub();
  const isAdmin = useIsAdmin();
  const { data: peers, error, refetch } = useQuery(hubsQuery);
  return (
    <Page title="Federation" lead={`Seen from ${hub.name}`}>
      <QueryState query={{ data: peers, error, refetch }} what="the hubs" />
      {!isWhole && (
        <Empty title="Only your projects">
          <p>Your key is limited to projects of this hub, so other hubs and their services are not shown.</p>
        </Empty>
      )}
      {isWhole && peers?.length === 0 && (
        <Empty title="This hub is alone">
          <p>
            Hubs that know each other share what they see: each keeps checking its own services and can tell of those of
            the others. This hub, <code className="font-mono">{hub.id}</code>, has heard of no other.
          </p>
        </Empty>
      )}
      {peers !== undefined && peers.length > 0 && (
        <ul className="flex flex-col gap-3">
          {peers.map((peer) => (
            <li key={peer.hub_id}>
              <PeerCard peer={peer} isAdmin={isAdmin} />
            </li>
          ))}
        </ul>
      )}
      {peers !== undefined && isAdmin && <JoinHub />}
      {peers !== undefined && peers.length > 0 && <FederatedServices />}
    </Page>
  );
}
