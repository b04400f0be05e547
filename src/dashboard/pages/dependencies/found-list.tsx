import { Link } from "wouter";
import type { DrawnNode } from "../../model/dependency-model.ts";
import { count } from "../../model/format.ts";
import { type GraphView, graphAddress } from "../../model/graph-view.ts";
import { StatusShape } from "../../ui/status-mark.tsx";

const MAX_LISTED = 8;

/** The results of the search; each entry leads to the neighbourhood of its service. */
export function FoundList({ found, view }: { found: readonly DrawnNode[]; view: GraphView }) {
  const more = found.length - MAX_LISTED;
  return (
    <div className="flex flex-wrap items-center gap-2">
      <span role="status" className="text-muted">
        {found.length === 0 ? "No service with dependencies matches" : `Found ${count(found.length, "service")}`}
      </span>
      <ul aria-label="Found services" className="contents">
        {found.slice(0, MAX_LISTED).map(({ key, name, project, status }) => (
          <li key={key}>
            <Link
              href={graphAddress({ isFramed: view.isFramed, around: key })}
              className="inline-flex min-h-7 items-center gap-1.5 rounded-full border border-edge bg-surface px-2.5 hover:bg-raised"
            >
              {status !== "missing" && <StatusShape status={status} className="size-3" />}
              {name} <span className="text-muted">{project}</span>
            </Link>
          </li>
        ))}
      </ul>
      {more > 0 && <span className="text-muted">and {more} more</span>}
    </div>
  );
}
