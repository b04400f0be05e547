/** The overview: whether all services work, which ones do not, the projects, and the recent changes. */
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { Link } from "wouter";
import type { Health } from "../../../core/service/records.ts";
import { type Outages, outagesQuery, projectsQuery, recentFlipsQuery } from "../../api/queries.ts";
import { useDetails, usePasts, useServices } from "../../live/live-context.tsx";
import type { ServiceRow } from "../../live/service-row.ts";
import { count } from "../../model/format.ts";
import { outageSentence, type SentencePart } from "../../model/outage-sentence.ts";
import { projectCards } from "../../model/project-card.ts";
import { DEFAULT_VIEW, listRows, viewSearch } from "../../model/service-list.ts";
import { BY_CONCERN, STATUS_WORDS, statusOfHealth } from "../../model/status.ts";
import { countRows, type StatusCounts } from "../../model/status-counts.ts";
import { type TroubleGroup, troubleGroups } from "../../model/trouble-groups.ts";
import { verdict } from "../../model/verdict.ts";
import { useNow } from "../../ui/clock.ts";
import { useElsewhere } from "../../ui/elsewhere.ts";
import { Empty, Loading } from "../../ui/notice.tsx";
import { Page, Section } from "../../ui/page.tsx";
import { STATUS_SOFT, StatusShape } from "../../ui/status-mark.tsx";
import { FirstService } from "../first-service.tsx";
import { ServiceLines } from "../services/service-lines.tsx";
import { FlipList } from "./flip-list.tsx";
import { ProjectTile } from "./project-tile.tsx";

/** At most this many services that are down or degraded are listed. A link leads to the others. */
const MAX_TROUBLED = 8;
const MAX_GROUPS = 5;
const SENTENCE_STEP_MS = 60_000;
const MAX_FLIPS = 12;

export function Overview() {
  const services = useServices();
  if (!services.ready) {
    return (
      <Page title="Overview">
        <Loading what="the state of the services" rows={6} />
      </Page>
    );
  }
  return (
    <Page title="Overview">
      {services.rows.size === 0 ? <FirstService /> : <HubState rows={services.rows} />}
      <OtherHubs />
      <RecentChanges />
    </Page>
  );
}

function HubState({ rows }: { rows: ReadonlyMap<number, ServiceRow> }) {
  const { judged, counts, troubled } = useMemo(() => {
    const all = [...rows.values()];
    const bad = all.filter((row) => row.status === "down" || row.status === "degraded");
    return { judged: verdict(all), counts: countRows(all), troubled: listRows(bad, DEFAULT_VIEW) };
  }, [rows]);
  const { data: outages } = useQuery({ ...outagesQuery, enabled: troubled.length > 0 });
  const now = useNow(SENTENCE_STEP_MS);
  const sentence = troubled.length === 0 || outages === undefined ? null : outageSentence(outages, now);
  return (
    <>
      <VerdictSentence health={judged.health} sentence={sentence ?? [judged.sentence]} />
      <Counts counts={counts} />
      {troubled.length > 0 && <Troubled rows={troubled} outages={outages} />}
      <Projects rows={rows} />
    </>
  );
}

function VerdictSentence({ health, sentence }: { health: Health; sentence: readonly SentencePart[] }) {
  const status = statusOfHealth(health);
  return (
    <p
      role="status"
      className={`flex items-center gap-3.5 rounded-xl px-5 py-4 text-xl font-semibold sm:text-2xl ${STATUS_SOFT[status]}`}
    >
      <StatusShape status={status} className="size-7" />
      <span className="min-w-0 wrap-anywhere">
        {sentence.map((part) =>
          typeof part === "string" ? (
            part
          ) : (
            <Link key={part.id} href={`/services/${part.id}`} className="underline decoration-1 underline-offset-4">
              {part.name}
            </Link>
          ),
        )}
      </span>
    </p>
  );
}

function Counts({ counts }: { counts: StatusCounts }) {
  return (
    <ul className="grid grid-cols-2 gap-3 sm:grid-cols-4">
      {BY_CONCERN.map((status) => (
        <li key={status}>
          <Link
            href={`/services${viewSearch({ ...DEFAULT_VIEW, status })}`}
            className="card flex items-center justify-between gap-3 px-4 py-3 hover:bg-raised"
          >
            <span className="flex items-center gap-2">
              <StatusShape status={status} />
              {STATUS_WORDS[status]}
            </span>
            <span
              className={`text-2xl leading-none font-semibold tabular-nums ${counts[status] === 0 ? "text-muted" : ""}`}
            >
              {counts[status]}
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

function Troubled({ rows, outages }: { rows: readonly ServiceRow[]; outages: Outages | undefined }) {
  const { groups, rest, shown } = useMemo(() => {
    const trouble = troubleGroups(rows, outages);
    const groups = trouble.groups.slice(0, MAX_GROUPS).map((group) => ({
      ...group,
      affected: group.affected.slice(0, MAX_TROUBLED),
    }));
    const rest = trouble.rest.slice(0, MAX_TROUBLED);
    const shown = [...groups.flatMap(({ row, affected }) => [...(row === null ? [] : [row]), ...affected]), ...rest];
    return { groups, rest, shown };
  }, [rows, outages]);
  useDetails(shown);
  usePasts(shown);
  const more = rows.length - shown.length;
  return (
    <Section title="Needs attention">
      {groups.map((group) => (
        <CauseWithVictims key={group.cause} group={group} />
      ))}
      {rest.length > 0 && <ServiceLines rows={rest} />}
      {more > 0 && (
        <Link className="link" href="/services">
          Show {more} more
        </Link>
      )}
    </Section>
  );
}

/** The cause comes first, and what it took along below it. */
function CauseWithVictims({ group: { cause, row, affected, affected_count } }: { group: TroubleGroup }) {
  return (
    <section aria-label={`Outage of ${cause}`} className="flex flex-col">
      <h3 className="px-1 pb-1.5 text-muted">
        <span className="font-medium text-ink">{cause}</span>: {count(affected_count, "service")} affected
      </h3>
      {row !== null && <ServiceLines rows={[row]} />}
      <div className="ml-3 border-l-2 border-down pl-2 pt-1.5 sm:ml-5">
        <ServiceLines rows={affected} />
        {affected_count > affected.length && (
          <Link href={`/services${viewSearch({ ...DEFAULT_VIEW, status: "down" })}`} className="link inline-block py-2">
            Show all {affected_count}
          </Link>
        )}
      </div>
    </section>
  );
}

function Projects({ rows }: { rows: ReadonlyMap<number, ServiceRow> }) {
  const { data: projects = [] } = useQuery(projectsQuery);
  const cards = useMemo(() => projectCards(rows.values(), projects), [rows, projects]);
  return (
    <Section title="Projects">
      <ul className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
        {cards.map((card) => (
          <li key={card.id}>
            <ProjectTile card={card} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function OtherHubs() {
  const found = useElsewhere();
  if (found === null) return null;
  return (
    <Link href="/federation" className={`flex items-center gap-3 rounded-lg px-5 py-2.5 ${STATUS_SOFT[found.status]}`}>
      <StatusShape status={found.status} />
      <span className="min-w-0 break-words">{found.sentence}</span>
    </Link>
  );
}

function RecentChanges() {
  const { flips, rows } = useServices();
  const { isPending } = useQuery(recentFlipsQuery);
  if (flips.length === 0 && rows.size === 0) return null;
  if (flips.length === 0 && isPending) return <Loading what="the recent changes" />;
  return (
    <Section title="Recent changes">
      {flips.length === 0 ? (
        <Empty title="Nothing has changed yet">Each change of a status is kept here with its reason.</Empty>
      ) : (
        <FlipList flips={flips.slice(0, MAX_FLIPS)} />
      )}
    </Section>
  );
}
