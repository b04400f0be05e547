/** Why a service is down: the service that took it along, or those that it took along itself. */
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { type Outages, outagesQuery } from "../../api/queries.ts";
import type { ServiceRow } from "../../live/service-row.ts";
import { count } from "../../model/format.ts";
import { nameOf } from "../../model/outage-sentence.ts";

type Troubled = Outages["outages"][number]["cause"];

const MAX_NAMED = 8;

export function Cause({ row }: { row: ServiceRow }) {
  const { data } = useQuery({ ...outagesQuery, enabled: row.status === "down" });
  if (row.status !== "down" || data === undefined) return null;
  const causes = data.outages.filter(({ affected }) => affected.some(({ id }) => id === row.id));
  const own = data.outages.find(({ cause }) => cause.id === row.id);
  return (
    <>
      {causes.length > 0 && (
        <p>
          Down because of{" "}
          {named(
            causes.map(({ cause }) => cause),
            causes.length,
          )}
          .
        </p>
      )}
      {own !== undefined && own.affected_count > 0 && (
        <p>
          {count(own.affected_count, "service")} affected: {named(own.affected, own.affected_count)}.
        </p>
      )}
    </>
  );
}

function named(services: readonly Troubled[], all: number): ReactNode {
  const shown = services.slice(0, MAX_NAMED);
  const more = all - shown.length;
  return (
    <>
      {shown.map((service, index) => (
        <span key={`${service.hub_id} ${service.project} ${service.name}`}>
          {index > 0 && (index === shown.length - 1 && more === 0 ? " and " : ", ")}
          {service.id === null ? (
            nameOf(service)
          ) : (
            <Link href={`/services/${service.id}`} className="link">
              {service.name}
            </Link>
          )}
        </span>
      ))}
      {more > 0 && ` and ${count(more, "other")}`}
    </>
  );
}
