/** The root causes, cycles and missing services of the graph, as sentences. */
import type { ReactNode } from "react";
import { Link } from "wouter";
import type { Graph } from "../../api/queries.ts";
import { causesOf, type Drawing, type DrawnNode } from "../../model/dependency-model.ts";
import { count } from "../../model/format.ts";
import { StatusShape } from "../../ui/status-mark.tsx";

const MAX_NAMED = 6;

export function Causes({ drawing }: { drawing: Drawing }) {
  const causes = causesOf(drawing);
  if (causes.length === 0) return null;
  return (
    <section aria-label="Causes" className="card flex flex-col gap-2 border-down px-5 py-4">
      <h2 className="flex items-center gap-2 font-semibold text-down">
        <StatusShape status="down" />
        {causes.length === 1 ? "One root cause" : `${causes.length} root causes`}
      </h2>
      <ul className="flex flex-col gap-1">
        {causes.slice(0, MAX_NAMED).map(({ node, affected }) => (
          <li key={node.key}>
            <NodeLink node={node} /> is down
            {affected.length === 0 ? "; nothing that needs it is." : <>, and with it {named(affected)}.</>}
          </li>
        ))}
      </ul>
      {causes.length > MAX_NAMED && <p className="text-muted">and {causes.length - MAX_NAMED} more</p>}
    </section>
  );
}

function named(nodes: readonly DrawnNode[]): ReactNode {
  if (nodes.length > MAX_NAMED) return count(nodes.length, "service");
  return nodes.map((node, index) => (
    <span key={node.key}>
      {index > 0 && (index === nodes.length - 1 ? " and " : ", ")}
      <NodeLink node={node} />
    </span>
  ));
}

/** A link to the page of a service. A service that is not registered, or of another hub, has no page here. */
export function NodeLink({ node }: { node: DrawnNode }) {
  if (node.id === null) return <span>{[node.hub_id, node.project, node.name].filter(Boolean).join("/")}</span>;
  return (
    <Link href={`/services/${node.id}`} className="link">
      {node.name}
    </Link>
  );
}

export function Cycles({ graph }: { graph: Graph }) {
  if (graph.cycles.length === 0) return null;
  const names = new Map(graph.nodes.map(({ id, name }) => [id, name]));
  return (
    <p className="card border-degraded px-5 py-3">
      <span className="font-medium text-degraded">{count(graph.cycles.length, "circle")}: </span>
      {graph.cycles
        .slice(0, MAX_NAMED)
        .map((ids) => ids.map((id) => names.get(id)).join(" ↔ "))
        .join("; ")}
    </p>
  );
}

export function Missing({ graph }: { graph: Graph }) {
  if (graph.missing.length === 0) return null;
  const references = [...new Set(graph.missing.map(({ to }) => to))];
  const more = references.length > MAX_NAMED ? `, and ${references.length - MAX_NAMED} more` : "";
  return (
    <p className="card border-degraded px-5 py-3">
      <span className="font-medium text-degraded">Not registered: </span>
      {references.slice(0, MAX_NAMED).join(", ")}
      {more}
    </p>
  );
}
