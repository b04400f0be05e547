/** Draws the graph. This module is large, so it is loaded only when a graph is shown. */
import { Controls, type Edge, Handle, MarkerType, type Node, type NodeProps, Position, ReactFlow } from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import "./graph.css";
import { useMemo } from "react";
import { Link } from "wouter";
import { NODE_HEIGHT, NODE_WIDTH, placesOf } from "../../model/dependency-layout.ts";
import type { Drawing, DrawnEdge, DrawnNode } from "../../model/dependency-model.ts";
import { STATUS_WORDS } from "../../model/status.ts";
import { StatusShape } from "../../ui/status-mark.tsx";
import { useIsDark } from "../../ui/theme.ts";

type ServiceNode = Node<{ node: DrawnNode }, "service">;

const EDGE_COLOURS: Record<DrawnEdge["kind"], string> = {
  plain: "var(--color-edge)",
  outage: "var(--color-down)",
  cycle: "var(--color-degraded)",
  missing: "var(--color-degraded)",
};
/** Width of the window in px. In a narrower window, the graph starts larger and the user moves it. */
const NARROW_BELOW = 640;
const DASHED = new Set<DrawnEdge["kind"]>(["cycle", "missing"]);

const nodeTypes = { service: ServiceBox };

export function GraphView({ drawing }: { drawing: Drawing }) {
  const dark = useIsDark();
  // The layout is slow to compute. A change of a status does not change it, so it depends only on keys and edges.
  const shape = JSON.stringify({
    nodes: drawing.nodes.map(({ key }) => ({ key })),
    edges: drawing.edges.map(({ from, to }) => ({ from, to })),
  });
  const places = useMemo(() => placesOf(JSON.parse(shape)), [shape]);
  const nodes = useMemo(() => drawing.nodes.map((node) => toNode(node, places)), [drawing, places]);
  const edges = useMemo(() => drawing.edges.map((edge) => toEdge(edge, places)), [drawing, places]);
  return (
    <div className="card h-[min(70dvh,44rem)] min-h-90 overflow-hidden">
      <ReactFlow
        key={shape}
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        colorMode={dark ? "dark" : "light"}
        fitView
        fitViewOptions={{ padding: 0.08, maxZoom: 1.1, minZoom: innerWidth < NARROW_BELOW ? 0.6 : 0.1 }}
        minZoom={0.1}
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
      </ReactFlow>
    </div>
  );
}

function toNode(node: DrawnNode, places: ReturnType<typeof placesOf>): ServiceNode {
  const position = places.get(node.key) ?? { x: 0, y: 0 };
  return { id: node.key, type: "service", position, data: { node }, width: NODE_WIDTH, height: NODE_HEIGHT };
}

function toEdge({ from, to, kind }: DrawnEdge, places: ReturnType<typeof placesOf>): Edge {
  const stroke = EDGE_COLOURS[kind];
  const isBack = (places.get(from)?.x ?? 0) >= (places.get(to)?.x ?? 0);
  return {
    ...(isBack && { sourceHandle: "back-from", targetHandle: "back-to" }),
    id: `${from} ${to}`,
    source: from,
    target: to,
    markerEnd: { type: MarkerType.ArrowClosed, color: stroke, width: 16, height: 16 },
    style: { stroke, strokeWidth: kind === "plain" ? 1.4 : 2.2, ...(DASHED.has(kind) && { strokeDasharray: "6 4" }) },
  };
}

const BORDERS: Record<DrawnNode["status"], string> = {
  up: "border-up bg-surface",
  degraded: "border-degraded bg-degraded-soft",
  down: "border-down bg-down-soft",
  unknown: "border-edge bg-unknown-soft",
  missing: "border-degraded border-dashed bg-surface",
};

function ServiceBox({ data: { node } }: NodeProps<ServiceNode>) {
  const look = `flex h-full flex-col justify-center gap-0.5 rounded-lg border-2 px-3 ${BORDERS[node.status]}`;
  const inside = <BoxText node={node} />;
  return (
    <div className="relative h-full">
      <Handle type="target" position={Position.Left} isConnectable={false} className="opacity-0" />
      {node.is_cause && (
        <span className="absolute -top-2.5 right-2 rounded bg-down px-1.5 text-xs leading-5 font-semibold text-surface">
          root cause
        </span>
      )}
      {node.id === null ? (
        <div className={look}>{inside}</div>
      ) : (
        <Link href={`/services/${node.id}`} className={`nodrag nopan ${look}`} data-walk="">
          {inside}
        </Link>
      )}
      <Handle type="source" position={Position.Right} isConnectable={false} className="opacity-0" />
      {/* Edges that lead back to the left are drawn below the boxes, not behind them. */}
      <Handle id="back-from" type="source" position={Position.Bottom} isConnectable={false} className="opacity-0" />
      <Handle id="back-to" type="target" position={Position.Bottom} isConnectable={false} className="opacity-0" />
    </div>
  );
}

function BoxText({ node }: { node: DrawnNode }) {
  return (
    <>
      <span className="truncate font-medium">{node.name}</span>
      <span className="flex items-center gap-1.5 text-xs text-muted">
        {node.status === "missing" ? "not registered" : <StatusShape status={node.status} className="size-3" />}
        {node.status !== "missing" && STATUS_WORDS[node.status]}
        <span className="truncate">
          · {node.hub_id !== null && `${node.hub_id} / `}
          {node.project}
        </span>
        {node.in_cycle && <span className="font-medium text-degraded">· circle</span>}
      </span>
    </>
  );
}
