/** One service: its current state, history, changes of status, recent checks and configuration. */
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { Link } from "wouter";
import { HubProblem } from "../../api/client.ts";
import { type Service, type ServiceHealth, serviceHealthQuery, serviceQuery } from "../../api/queries.ts";
import { useAfterChange } from "../../live/after-change.ts";
import { useLive, useServices } from "../../live/live-context.tsx";
import { rowOfListed, type ServiceRow } from "../../live/service-row.ts";
import { badgesOf } from "../../model/badges.ts";
import { figuresOf } from "../../model/figures.ts";
import { exactTime, timeOfDay } from "../../model/format.ts";
import { graphAddress } from "../../model/graph-view.ts";
import { metadataLinks } from "../../model/metadata-links.ts";
import { reasonNow } from "../../model/reason-now.ts";
import { STATUS_WORDS } from "../../model/status.ts";
import { Ago, Elapsed } from "../../ui/ago.tsx";
import { LinkButton } from "../../ui/button.tsx";
import { useNow } from "../../ui/clock.ts";
import { Empty, Failure, QueryState } from "../../ui/notice.tsx";
import { Page } from "../../ui/page.tsx";
import { useMayWrite } from "../../ui/session.tsx";
import { StatusMark } from "../../ui/status-mark.tsx";
import { ServiceBadge } from "../services/service-health-card.tsx";
import { Cause } from "./cause.tsx";
import { Configuration } from "./configuration.tsx";
import { DayBars } from "./day-bars.tsx";
import { Figures } from "./figures.tsx";
import { FirstBeat } from "./first-beat.tsx";
import { Measured } from "./measured.tsx";
import { Past } from "./past.tsx";
import { RecentChecks } from "./recent-checks.tsx";
import { ServiceActions } from "./service-actions.tsx";
import { Transitions } from "./transitions.tsx";

const MINUTE_MS = 60_000;

export function ServicePage({ id }: { id: number }) {
  const { data: service, error, refetch } = useQuery(serviceQuery(id));
  const { rows } = useServices();
  if (error instanceof HubProblem && error.status === 404) return <NotFound />;
  if (service === undefined) {
    return (
      <Page title="Service">
        <QueryState query={{ error, refetch }} what="the service" rows={7} />
      </Page>
    );
  }
  return <LoadedService service={service} row={rows.get(id) ?? rowOfListed(service, undefined)} />;
}

function NotFound() {
  return (
    <Page title="No such service">
      <Empty title="There is no service with this number">
        It was deleted, or never was.
        <LinkButton href="/services">All services</LinkButton>
      </Empty>
    </Page>
  );
}

function LoadedService({ service, row }: { service: Service; row: ServiceRow }) {
  const mayWrite = useMayWrite();
  const health = useFreshHealth(row);
  const now = useNow(MINUTE_MS);
  const created = Date.parse(service.created_at);
  const figures = figuresOf({ method: service.health_method, created, row, health: health.data }, now);
  return (
    <Page
      title={service.name}
      mark={<StatusMark status={row.status} soft />}
      lead={<Lead service={service} />}
      beside={mayWrite && <ServiceActions service={service} />}
    >
      <Badges service={service} row={row} />
      <CurrentState service={service} row={row} health={health.data} />
      {health.error !== null && health.data === undefined && <Failure error={health.error} />}
      <FirstBeat service={service} row={row} />
      <Figures figures={figures} />
      <DayBars id={row.id} created={created} />
      <Past key={row.id} row={row} created={created} />
      <Measured id={row.id} />
      <div className="grid items-start gap-5 lg:grid-cols-2">
        <Transitions flips={health.data?.flips} />
        <RecentChecks checks={health.data?.recent} />
      </div>
      <Configuration service={service} />
    </Page>
  );
}

function Lead({ service }: { service: Service }) {
  const links = metadataLinks(service.metadata);
  return (
    <span className="flex min-h-6 flex-wrap items-center gap-x-2.5 gap-y-1.5">
      <Link href={`/projects/${service.project_id}`} className="link">
        {service.project}
      </Link>
      <span>{service.service_type}</span>
      <Link href={graphAddress({ around: String(service.id) })} className="link">
        Dependencies
      </Link>
      {service.version !== null && <span>version {service.version}</span>}
      {links.map(({ label, href }) => (
        <a
          key={label}
          href={href}
          target="_blank"
          rel="noopener noreferrer"
          className="rounded-md border border-edge bg-surface px-2.5 py-0.5 font-medium text-ink hover:bg-raised"
        >
          {label} <span aria-hidden="true">↗</span>
        </a>
      ))}
    </span>
  );
}

/** In a line of their own below the title, so that no button moves when one appears. */
function Badges({ service, row }: { service: Service; row: ServiceRow }) {
  const now = useNow();
  const badges = badgesOf(row, now);
  const pausedUntil = service.paused_until === null ? null : Date.parse(service.paused_until);
  if (badges.length === 0 && pausedUntil === null) return null;
  return (
    <div className="-mt-2 flex flex-wrap items-center gap-x-2.5 gap-y-1.5 text-muted">
      {badges.map((badge) => (
        <ServiceBadge key={badge} badge={badge} />
      ))}
      {pausedUntil !== null && (
        <time dateTime={new Date(pausedUntil).toISOString()} title={exactTime(pausedUntil)}>
          paused until {timeOfDay(pausedUntil, now)}
        </time>
      )}
    </div>
  );
}

interface CurrentStateProps {
  service: Service;
  row: ServiceRow;
  /** Undefined until it has been read. */
  health: ServiceHealth | undefined;
}

function CurrentState({ service, row, health }: CurrentStateProps) {
  const error = row.status === "up" ? null : (service.health_details.error ?? row.listed?.error ?? null);
  const { flips } = useServices();
  const live = flips.find((flip) => flip.service_id === row.id); // the database has it a moment later
  const lastFlip = live ?? health?.flips[0];
  const reason = error ?? (row.status === "unknown" && lastFlip?.to === "unknown" ? lastFlip.reason : null);
  const lastAt = row.last_at ?? timeOfNewest(health?.recent);
  const unseen = service.health_details.unseen_from;
  const now = useNow();
  return (
    <div className="card flex flex-col gap-2 px-5 py-4">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <span role="status" className="text-lg font-medium">
          {STATUS_WORDS[row.status]} for <Elapsed since={row.since} />
        </span>
        <span className="text-muted">
          {lastAt === null ? (
            service.health_method === "heartbeat" ? (
              "not heard yet"
            ) : (
              "not checked yet"
            )
          ) : (
            <>
              {service.health_method === "heartbeat" ? "last heard" : "last checked"} <Ago at={lastAt} />
            </>
          )}
        </span>
      </div>
      {reason !== null && <p className="font-mono break-words">{reasonNow(reason, lastAt, now)}</p>}
      <Cause row={row} />
      {Array.isArray(unseen) && <p className="text-muted">Not seen from: {unseen.join(", ")}</p>}
    </div>
  );
}

/** The live state has no time of a service that is no longer watched; its history has. */
function timeOfNewest(recent: ServiceHealth["recent"] | undefined): number | null {
  const newest = recent?.[0];
  return newest === undefined ? null : Date.parse(newest.at);
}

/** Returns the query of the service's health. Reads it and the service again after each newer check in the feed. */
function useFreshHealth(row: ServiceRow) {
  const health = useQuery(serviceHealthQuery(row.id));
  const service = useQuery(serviceQuery(row.id));
  const { store } = useLive();
  const { refetch } = health;
  const { refetch: refetchService, data } = service;
  useAfterChange(`${row.last_at} ${row.status}`, () => {
    void refetch();
    void refetchService();
  });
  useEffect(() => {
    if (data !== undefined) store.addListed([data]);
  }, [data, store]);
  return health;
}
