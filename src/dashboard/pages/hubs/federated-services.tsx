import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import type { Status } from "../../../core/service/records.ts";
import { type FederatedService, federatedServicesQuery } from "../../api/federation-queries.ts";
import { count } from "../../model/format.ts";
import { concern, STATUS_WORDS } from "../../model/status.ts";
import { Ago } from "../../ui/ago.tsx";
import { QueryState } from "../../ui/notice.tsx";
import { Section } from "../../ui/page.tsx";
import { StatusMark, StatusShape } from "../../ui/status-mark.tsx";

/** The services of all hubs, the worst first. Each one shows when this hub last received news of it. */
export function FederatedServices() {
  const { data, error, refetch } = useQuery(federatedServicesQuery);
  const [q, setQ] = useState("");
  const rows = useMemo(() => (data === undefined ? [] : matchingServices(data.services, q)), [data, q]);
  if (data === undefined) {
    return <QueryState query={{ error, refetch }} what="the services of all hubs" />;
  }
  const { total } = data;
  return (
    <Section title="Services of all hubs" beside={<span className="text-muted">{count(total, "service")}</span>}>
      <input
        type="search"
        data-search=""
        aria-label="Search the services of all hubs"
        placeholder="Search by name, project or hub"
        className="field"
        value={q}
        onChange={(event) => setQ(event.target.value)}
      />
      <ul className="card divide-y divide-line">
        {rows.map((service) => (
          <Row key={`${service.hub_id} ${service.project} ${service.name}`} service={service} />
        ))}
        {rows.length === 0 && <li className="px-4 py-6 text-center text-muted">No service matches.</li>}
      </ul>
    </Section>
  );
}

function Row({ service }: { service: FederatedService }) {
  const { freshness, last_heard_at } = service;
  return (
    <li className="grid grid-cols-[6.6rem_minmax(0,1fr)_auto] items-center gap-x-3 px-3 py-2.5 sm:px-4">
      <LastStatus service={service} />
      <span className="flex min-w-0 flex-col gap-x-2 sm:flex-row">
        <span className="truncate font-medium">{service.name}</span>
        <span className="truncate text-muted">
          {service.project} at {service.hub_id}
        </span>
      </span>
      <span className={freshness === "stale" ? "text-right font-medium text-degraded" : "text-right text-muted"}>
        {freshness} {last_heard_at !== null && <Ago at={Date.parse(last_heard_at)} />}
      </span>
    </li>
  );
}

/** The last status from a hub that is not heard any more is no status of now. */
function LastStatus({ service: { health_status, freshness } }: { service: FederatedService }) {
  if (freshness !== "stale") return <StatusMark status={health_status} />;
  return (
    <span className="inline-flex items-center gap-1.5 whitespace-nowrap text-unknown">
      <StatusShape status="unknown" />
      Was {STATUS_WORDS[health_status].toLowerCase()}
    </span>
  );
}

function matchingServices(services: readonly FederatedService[], q: string): FederatedService[] {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  return services
    .filter((service) => {
      const text = `${service.hub_id}/${service.project}/${service.name}`.toLowerCase();
      return words.every((word) => text.includes(word));
    })
    .sort((a, b) => concern(statusNow(a)) - concern(statusNow(b)));
}

function statusNow({ health_status, freshness }: FederatedService): Status {
  return freshness === "stale" ? "unknown" : health_status;
}
