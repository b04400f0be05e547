/** Draws the graph. This module is large, so it is loaded only when a graph is shown. */
import { Controls, MarkerType, MiniMap, ReactFlow, useReactFlow } from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import "./graph.css";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { edgeKey, type Shape } from "../../model/dependency-blocks.ts";
import { litFrom } from "../../model/dependency-focus.ts";
import { type Layout, NODE_HEIGHT, NODE_WIDTH, pathOf, type Route } from "../../model/dependency-layout.ts";
import { type Drawing, type DrawnEdge, type DrawnNode, worstKind } from "../../model/dependency-model.ts";
import { count } from "../../model/format.ts";
import { QueryState } from "../../ui/notice.tsx";
import { useIsDark } from "../../ui/theme.ts";
import { type Attention, AttentionContext } from "./attention.ts";
import { layOut } from "./layout-engine.ts";
import { LINE_COLOURS, type RouteEdge, RouteLine } from "./route-line.tsx";
import { FrameBox, type FrameNode, ServiceBox, type ServiceNode } from "./service-box.tsx";

/** Width of the window in px. In a narrower window, the graph starts larger and the user moves it. */
const NARROW_BELOW = 640;
/** A larger drawing gets a map of itself. */
const MAP_FROM = 60;
const MIN_ZOOM = 0.05;
const FOUND_MOVES_MS = 300;
/** Its size does not grow with the width of the line. */
const ARROW = { type: MarkerType.ArrowClosed, width: 22, height: 22, markerUnits: "userSpaceOnUse" };

const nodeTypes = { service: ServiceBox, frame: FrameBox };
const edgeTypes = { route: RouteLine };

interface GraphViewProps {
  drawing: Drawing;
  /** Draws the services of a project in one frame. */
  isFramed: boolean;
  /** Key of the service whose neighbourhood this is; empty: it is none. */
  centre: string;
  /** Keys of the services to mark and to move to. */
  found: readonly string[];
}

export function GraphView({ drawing, isFramed, centre, found }: GraphViewProps) {
  // The layout is slow to compute. A change of a status does not change it, so it depends only on keys and edges.
  const shape = JSON.stringify(shapeOf(drawing, isFramed));
  const { data, error, refetch } = useQuery({
    queryKey: ["layout", shape],
    queryFn: ({ signal }) => layOut(JSON.parse(shape), signal),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
    networkMode: "always",
  });
  if (data !== undefined) return <Placed key={shape} {...{ drawing, centre, found }} layout={data} />;
  return (
    <QueryState query={{ error, refetch }} what={`the layout of ${count(drawing.nodes.length, "service")}`} rows={6} />
  );
}

function shapeOf({ nodes, edges }: Drawing, isFramed: boolean): Shape {
  const groups = new Set(nodes.map(groupOf));
  const hasFrames = isFramed && groups.size > 1;
  return {
    nodes: nodes.map((node) => ({ key: node.key, group: hasFrames ? groupOf(node) : null })),
    edges: edges.map(({ from, to }) => ({ from, to })),
  };
}

const groupOf = ({ hub_id, project }: DrawnNode) => (hub_id === null ? project : `${hub_id} / ${project}`);

type PlacedProps = Omit<GraphViewProps, "isFramed"> & { layout: Layout };

function Placed({ drawing, layout, centre, found }: PlacedProps) {
  const dark = useIsDark();
  const [pointed, point] = useState<string | null>(null);
  const nodes = useMemo(
    () => [...layout.frames.map(toFrame), ...drawing.nodes.map((node) => toNode(node, layout))],
    [drawing, layout],
  );
  const edges = useMemo(() => toEdges(drawing, layout), [drawing, layout]);
  const wanted = JSON.stringify(found); // a refetch makes new arrays of the same keys
  const drawn = useMemo(() => {
    const keys: string[] = JSON.parse(wanted);
    return keys.filter((key) => layout.places.has(key));
  }, [wanted, layout]);
  const attention = useMemo<Attention>(() => {
    return { lit: pointed === null ? null : litFrom(drawing, pointed), found: new Set([centre, ...drawn]), point };
  }, [drawing, pointed, centre, drawn]);
  const isNarrow = innerWidth < NARROW_BELOW;
  const broken = drawing.nodes.filter(({ status }) => status === "down").map(({ key }) => ({ id: key }));
  const first = isNarrow && broken.length > 0 ? { nodes: broken } : {};
  return (
    <div className="card h-[min(70dvh,44rem)] min-h-90 overflow-hidden">
      <AttentionContext value={attention}>
        <ReactFlow
          nodes={nodes}
          edges={edges}
          nodeTypes={nodeTypes}
          edgeTypes={edgeTypes}
          onNodeMouseEnter={(_, { id, type }) => type === "service" && point(id)}
          onNodeMouseLeave={() => point(null)}
          colorMode={dark ? "dark" : "light"}
          fitView
          fitViewOptions={{ ...first, padding: 0.08, maxZoom: 1.1, minZoom: isNarrow ? 0.6 : MIN_ZOOM }}
          minZoom={MIN_ZOOM}
          maxZoom={1.6}
          nodesDraggable={false}
          nodesConnectable={false}
          nodesFocusable={false}
          edgesFocusable={false}
          elementsSelectable={false}
          preventScrolling={false}
          zoomOnScroll={false}
          aria-label="Graph of dependencies; the same stands below in words"
          proOptions={{ hideAttribution: true }}
        >
          <Controls showInteractive={false} />
          {drawing.nodes.length >= MAP_FROM && !isNarrow && (
            <MiniMap<ServiceNode | FrameNode> pannable zoomable ariaLabel="Map of the graph" nodeColor={mapColour} />
          )}
          <MoveTo found={drawn} />
        </ReactFlow>
      </AttentionContext>
    </div>
  );
}

/** Moves the drawing to what was found. */
function MoveTo({ found }: { found: readonly string[] }) {
  const { fitView } = useReactFlow();
  useEffect(() => {
    if (found.length === 0) return;
    const duration = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : FOUND_MOVES_MS;
    void fitView({ nodes: found.map((id) => ({ id })), duration, padding: 0.3, maxZoom: 1 });
  }, [found, fitView]);
  return null;
}

const MAP_COLOURS: Record<DrawnNode["status"], string> = {
  up: "var(--color-up)",
  degraded: "var(--color-degraded)",
  down: "var(--color-down)",
  unknown: "var(--color-edge)",
  missing: "var(--color-degraded)",
};

function mapColour({ type, data }: ServiceNode | FrameNode): string {
  return type === "service" && "node" in data ? MAP_COLOURS[data.node.status] : "var(--color-raised)";
}

function toNode(node: DrawnNode, { places }: Layout): ServiceNode {
  const position = places.get(node.key) ?? { x: 0, y: 0 };
  return { id: node.key, type: "service", position, data: { node }, width: NODE_WIDTH, height: NODE_HEIGHT };
}

function toFrame({ key, label, x, y, width, height }: Layout["frames"][number]): FrameNode {
  return {
    id: key,
    type: "frame",
    position: { x, y },
    data: { label },
    width,
    height,
    zIndex: label === null ? -1 : -2,
  };
}

function toEdges({ edges }: Drawing, { routes }: Layout): RouteEdge[] {
  const kinds = new Map(edges.map((edge) => [edgeKey(edge), edge.kind]));
  return routes.flatMap((route) => toEdge(route, kinds) ?? []);
}

function toEdge({ key, from, to, points }: Route, kinds: ReadonlyMap<string, DrawnEdge["kind"]>): RouteEdge | null {
  const [source] = from;
  const [target] = to;
  if (source === undefined || target === undefined) return null;
  const edges = from.flatMap((each) => to.map((other) => edgeKey({ from: each, to: other })));
  const kind = worstKind(edges.flatMap((edge) => kinds.get(edge) ?? []));
  const markerEnd = { ...ARROW, color: LINE_COLOURS[kind] };
  return { id: key, type: "route", source, target, data: { path: pathOf(points), kind, edges }, markerEnd };
}
