import { Handle, type Node, type NodeProps, Position } from "@xyflow/react";
import { use } from "react";
import { Link } from "wouter";
import type { DrawnNode } from "../../model/dependency-model.ts";
import { graphAddress } from "../../model/graph-view.ts";
import { STATUS_WORDS } from "../../model/status.ts";
import { Icon } from "../../ui/icons.tsx";
import { StatusShape } from "../../ui/status-mark.tsx";
import { AttentionContext } from "./attention.ts";

export type ServiceNode = Node<{ node: DrawnNode }, "service">;
export type FrameNode = Node<{ label: string | null }, "frame">;

const BORDERS: Record<DrawnNode["status"], string> = {
  up: "border-up bg-surface",
  degraded: "border-degraded bg-degraded-soft",
  down: "border-down bg-down-soft",
  unknown: "border-edge bg-unknown-soft",
  missing: "border-degraded border-dashed bg-surface",
};

export function ServiceBox({ data: { node } }: NodeProps<ServiceNode>) {
  const { lit, found, point } = use(AttentionContext);
  const isDim = lit !== null && !lit.nodes.has(node.key);
  const look = `flex h-full flex-col justify-center gap-0.5 rounded-lg border-2 pr-8 pl-3 ${BORDERS[node.status]}`;
  const ring = found.has(node.key) ? "ring-3 ring-accent" : "";
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: lights up the path of the focused link inside, as pointing does
    <div
      className={`relative h-full rounded-lg transition-opacity ${ring} ${isDim ? "opacity-25" : ""}`}
      onFocus={() => point(node.key)}
      onBlur={() => point(null)}
    >
      <Handle type="target" position={Position.Left} isConnectable={false} className="opacity-0" />
      {node.is_cause && (
        <span className="absolute -top-2.5 right-2 z-1 rounded bg-down px-1.5 text-xs leading-5 font-semibold text-surface">
          root cause
        </span>
      )}
      {node.id === null ? (
        <div className={look}>
          <BoxText node={node} />
        </div>
      ) : (
        <Link href={`/services/${node.id}`} className={`nodrag nopan ${look}`} data-walk="">
          <BoxText node={node} />
        </Link>
      )}
      <Link
        href={graphAddress({ around: node.key })}
        aria-label={`Neighbourhood of ${node.name}`}
        title="Show only its neighbourhood"
        className="nodrag nopan absolute right-1 bottom-1 grid size-6 place-items-center rounded text-muted hover:bg-raised hover:text-ink"
      >
        <Icon name="dependencies" className="size-4" />
      </Link>
      <Handle type="source" position={Position.Right} isConnectable={false} className="opacity-0" />
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

/** Behind the services of a project, and behind those with the same dependencies. */
export function FrameBox({ data: { label } }: NodeProps<FrameNode>) {
  return (
    <div
      className={`h-full rounded-xl border ${label === null ? "border-dashed border-edge" : "border-line bg-raised/50"}`}
    >
      {label !== null && <div className="truncate px-4 py-2 font-semibold text-muted">{label}</div>}
    </div>
  );
}
