import { BaseEdge, type Edge, type EdgeProps } from "@xyflow/react";
import { use } from "react";
import type { DrawnEdge } from "../../model/dependency-model.ts";
import { AttentionContext } from "./attention.ts";

export type RouteEdge = Edge<{ path: string; kind: DrawnEdge["kind"]; edges: readonly string[] }, "route">;

export const LINE_COLOURS: Record<DrawnEdge["kind"], string> = {
  plain: "var(--color-edge)",
  outage: "var(--color-down)",
  cycle: "var(--color-degraded)",
  missing: "var(--color-degraded)",
};
const DASHED = new Set<DrawnEdge["kind"]>(["cycle", "missing"]);
const WIDTH = { plain: 1.4, strong: 2.2, lit: 3.4 };
const DIM = 0.15;

/** A line along the points that the layout engine chose, so that it crosses no box. */
export function RouteLine({ data, markerEnd }: EdgeProps<RouteEdge>) {
  const { lit } = use(AttentionContext);
  if (data === undefined) return null;
  const { kind, path, edges } = data;
  const isLit = lit !== null && edges.some((edge) => lit.edges.has(edge));
  const strokeWidth = isLit ? WIDTH.lit : kind === "plain" ? WIDTH.plain : WIDTH.strong;
  const style = {
    stroke: LINE_COLOURS[kind],
    strokeWidth,
    opacity: lit === null || isLit ? 1 : DIM,
    ...(DASHED.has(kind) && { strokeDasharray: "6 4" }),
  };
  return <BaseEdge path={path} style={style} {...(markerEnd !== undefined && { markerEnd })} interactionWidth={0} />;
}
