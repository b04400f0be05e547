import type { Drawing, DrawnNode } from "../../model/dependency-model.ts";
import { StatusMark } from "../../ui/status-mark.tsx";
import { NodeLink } from "./findings.tsx";

/** The graph as a list, for users who cannot see the drawing or prefer text. */
export function InWords({ drawing: { nodes, edges } }: { drawing: Drawing }) {
  const byKey = new Map(nodes.map((node) => [node.key, node]));
  const needs = Map.groupBy(edges, (edge) => edge.from);
  const rows = nodes.filter(({ key }) => needs.has(key));
  return (
    <details className="card px-5 py-3">
      <summary className="font-medium">In words</summary>
      <ul className="flex flex-col gap-1.5 pt-3">
        {rows.map((node) => (
          <li key={node.key} className="flex flex-wrap items-baseline gap-x-2">
            <NodeLink node={node} />
            {node.status !== "missing" && <StatusMark status={node.status} />}
            <span className="text-muted">needs</span>
            {(needs.get(node.key) ?? []).map(({ to }) => (
              <Needed key={to} node={byKey.get(to)} />
            ))}
          </li>
        ))}
      </ul>
    </details>
  );
}

function Needed({ node }: { node: DrawnNode | undefined }) {
  if (node === undefined) return null;
  return (
    <span className="inline-flex items-baseline gap-1.5">
      <NodeLink node={node} />
      {node.status === "missing" ? (
        <span className="text-degraded">not registered</span>
      ) : (
        <StatusMark status={node.status} />
      )}
    </span>
  );
}
