/** The dependencies of services, and the causes of outages. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useMemo } from "react";
import { useLocation, useSearch } from "wouter";
import { graphQuery, projectsQuery } from "../../api/queries.ts";
import { connected, drawingOf, troubled } from "../../model/dependency-model.ts";
import { count } from "../../model/format.ts";
import { Empty, Failure, Loading } from "../../ui/notice.tsx";
import { Page } from "../../ui/page.tsx";
import { useSession } from "../../ui/session.tsx";
import { Choice } from "../services/filters.tsx";
import { Causes, Cycles, Missing } from "./findings.tsx";
import { InWords } from "./in-words.tsx";

const GraphView = lazy(async () => ({ default: (await import("./graph-view.tsx")).GraphView }));

/** A larger drawing is hard to read, so the user is asked to choose a project. */
const MAX_DRAWN = 500;

export function Dependencies() {
  const query = new URLSearchParams(useSearch());
  const [, go] = useLocation();
  const project = query.get("project") ?? "";
  const only = query.get("only") === "trouble";
  const { data: projects = [] } = useQuery(projectsQuery);
  const choose = (next: { project: string; only: boolean }) => {
    const chosen = new URLSearchParams();
    if (next.project !== "") chosen.set("project", next.project);
    if (next.only) chosen.set("only", "trouble");
    go(chosen.size === 0 ? "/dependencies" : `/dependencies?${chosen}`, { replace: true });
  };
  return (
    <Page
      title="Dependencies"
      beside={
        <>
          <Choice
            label="Show"
            all="All services"
            value={only ? "trouble" : ""}
            options={[["trouble", "Only trouble"]]}
            choose={(value) => choose({ project, only: value === "trouble" })}
          />
          <Choice
            label="Project"
            all="Whole hub"
            value={project}
            options={projects.map(({ name }) => [name, name])}
            choose={(name) => choose({ project: name, only })}
          />
        </>
      }
    >
      <Graph project={project} only={only} />
    </Page>
  );
}

/** `only`: draws only services with problems and the services that need them. */
function Graph({ project, only }: { project: string; only: boolean }) {
  const { hub } = useSession();
  const query = graphQuery(project === "" ? undefined : project);
  const { data: graph, error, refetch } = useQuery({ ...query, placeholderData: keepPreviousData });
  const drawing = useMemo(() => (graph === undefined ? null : drawingOf(graph, hub.id)), [graph, hub.id]);
  const shown = useMemo(
    () => (drawing === null ? null : only ? troubled(connected(drawing)) : connected(drawing)),
    [drawing, only],
  );
  if (graph === undefined || drawing === null || shown === null) {
    return error === null ? (
      <Loading what="the dependencies" rows={6} />
    ) : (
      <Failure error={error} retry={() => void refetch()} />
    );
  }
  if (only && shown.nodes.length === 0) return <Empty title="Nothing is in trouble" />;
  if (drawing.edges.length === 0) {
    return (
      <Empty title="No service depends on another">
        <p>
          Name what a service needs in its field <code className="font-mono">depends_on</code>, and an outage can be
          traced to where it began.
        </p>
      </Empty>
    );
  }
  const alone = drawing.nodes.length - shown.nodes.length;
  return (
    <>
      <Causes drawing={drawing} />
      <Cycles graph={graph} />
      <Missing graph={graph} />
      {shown.nodes.length > MAX_DRAWN ? (
        <Empty title={`${count(shown.nodes.length, "service")} are too many to draw`}>Choose a project.</Empty>
      ) : (
        <Suspense fallback={<Loading what="the graph" rows={6} />}>
          <GraphView drawing={shown} />
        </Suspense>
      )}
      {alone > 0 && !only && <p className="text-muted">Not drawn: {count(alone, "service")} without dependencies.</p>}
      <InWords drawing={shown} />
    </>
  );
}
