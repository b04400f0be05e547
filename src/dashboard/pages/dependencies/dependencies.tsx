/** The dependencies of services, and the causes of outages. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Suspense, useDeferredValue, useMemo } from "react";
import { useLocation, useSearch } from "wouter";
import { graphQuery } from "../../api/queries.ts";
import { found as findIn, neighbourhood } from "../../model/dependency-focus.ts";
import { connected, type Drawing, drawingOf, troubled } from "../../model/dependency-model.ts";
import { count } from "../../model/format.ts";
import { graphAddress, parseGraphView, stepsOf, type GraphView as View } from "../../model/graph-view.ts";
import { LinkButton } from "../../ui/button.tsx";
import { lazyPage } from "../../ui/lazy-page.ts";
import { Empty, Loading, QueryState } from "../../ui/notice.tsx";
import { Page } from "../../ui/page.tsx";
import { useSession } from "../../ui/session.tsx";
import { Causes, Cycles, Missing, NodeLink } from "./findings.tsx";
import { FoundList } from "./found-list.tsx";
import { InWords } from "./in-words.tsx";
import { Toolbar } from "./toolbar.tsx";

const GraphView = lazyPage(async () => (await import("./graph-view.tsx")).GraphView);

/** A larger drawing is hard to read, so the user is asked to choose a part of it. */
const MAX_DRAWN = 500;

export function Dependencies() {
  const view = parseGraphView(useSearch());
  const [, go] = useLocation();
  return (
    <Page title="Dependencies">
      <Toolbar view={view} change={(part) => go(graphAddress({ ...view, ...part }), { replace: true })} />
      <Graph view={view} />
    </Page>
  );
}

function Graph({ view }: { view: View }) {
  const { hub } = useSession();
  // The neighbourhood of a service crosses projects.
  const query = graphQuery(view.project === "" || view.around !== "" ? undefined : view.project);
  const { data: graph, error, refetch } = useQuery({ ...query, placeholderData: keepPreviousData });
  const drawing = useMemo(() => (graph === undefined ? null : drawingOf(graph, hub.id)), [graph, hub.id]);
  const { around, steps, isTrouble } = view;
  const whole = useMemo(
    () => (drawing === null ? null : partOf(drawing, { around, steps, isTrouble })),
    [drawing, around, steps, isTrouble],
  );
  // Too many to be drawn or read: those in trouble are what somebody looks for.
  const isTooLarge = whole !== null && whole.nodes.length > MAX_DRAWN;
  const shown = useMemo(() => (whole !== null && isTooLarge ? troubled(whole) : whole), [whole, isTooLarge]);
  const q = useDeferredValue(view.q);
  const found = useMemo(() => (drawing === null ? [] : findIn(connected(drawing), q)), [drawing, q]);
  if (graph === undefined || drawing === null || shown === null) {
    return <QueryState query={{ error, refetch }} what="the dependencies" rows={6} />;
  }
  if (drawing.edges.length === 0) return <NoDependencies />;
  const alone = drawing.nodes.length - connected(drawing).nodes.length;
  return (
    <>
      {q !== "" && <FoundList found={found} view={view} />}
      <Causes drawing={drawing} />
      <Cycles graph={graph} />
      <Missing graph={graph} />
      {around !== "" && <Around drawing={drawing} view={view} />}
      {isTooLarge && whole !== null && (
        <p role="status" className="card px-4 py-3">
          {count(whole.nodes.length, "service")} are too many to draw, so only trouble is shown. Choose a project, or
          find a service to see its neighbourhood.
        </p>
      )}
      <Drawn shown={shown} view={view} found={found.map(({ key }) => key)} />
      {alone > 0 && !isTrouble && around === "" && (
        <p className="text-muted">Not drawn: {count(alone, "service")} without dependencies.</p>
      )}
      {shown.nodes.length <= MAX_DRAWN && <InWords drawing={shown} />}
    </>
  );
}

function partOf(drawing: Drawing, { around, steps, isTrouble }: Pick<View, "around" | "steps" | "isTrouble">): Drawing {
  if (around !== "") return neighbourhood(drawing, around, stepsOf(steps));
  return isTrouble ? troubled(connected(drawing)) : connected(drawing);
}

function Drawn({ shown, view, found }: { shown: Drawing; view: View; found: readonly string[] }) {
  if (shown.nodes.length === 0) {
    return (
      <Empty
        title={view.around === "" ? "Nothing is in trouble" : "This service is not in the graph: it was deleted"}
      />
    );
  }
  if (shown.nodes.length > MAX_DRAWN) {
    return (
      <Empty title={`${count(shown.nodes.length, "service")} are too many to draw`}>
        Choose a project, or find a service to see its neighbourhood.
      </Empty>
    );
  }
  return (
    <>
      <Suspense fallback={<Loading what="the graph" rows={6} />}>
        <GraphView drawing={shown} isFramed={view.isFramed} centre={view.around} found={found} />
      </Suspense>
      <p className="text-muted">
        Arrows lead to what a service needs. Point at a service to light up what it needs and what needs it; during an
        outage, the whole path from its cause to its victims. Drag to move, pinch or hold Ctrl and turn the wheel to
        zoom.
      </p>
    </>
  );
}

function Around({ drawing, view }: { drawing: Drawing; view: View }) {
  const node = drawing.nodes.find(({ key }) => key === view.around);
  return (
    <div className="flex flex-wrap items-center gap-3">
      <h2 className="font-semibold">
        {node === undefined ? (
          "Neighbourhood"
        ) : (
          <>
            Neighbourhood of <NodeLink node={node} />
          </>
        )}
      </h2>
      <LinkButton href={graphAddress({ isFramed: view.isFramed })}>Whole graph</LinkButton>
    </div>
  );
}

function NoDependencies() {
  return (
    <Empty title="No service depends on another">
      <p>
        Name what a service needs in its field <code className="font-mono">depends_on</code>, and an outage can be
        traced to where it began.
      </p>
    </Empty>
  );
}
