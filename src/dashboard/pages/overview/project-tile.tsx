import { Link } from "wouter";
import { count } from "../../model/format.ts";
import type { ProjectCard } from "../../model/project-card.ts";
import { BY_CONCERN, STATUS_WORDS } from "../../model/status.ts";
import { HealthMark, StatusShape } from "../../ui/status-mark.tsx";

export function ProjectTile({ card }: { card: ProjectCard }) {
  return (
    <Link
      href={`/projects/${card.id}`}
      data-walk=""
      className="card flex h-full flex-col gap-2.5 px-4 py-3 hover:bg-raised"
    >
      <div className="flex items-center justify-between gap-3">
        <span className="min-w-0 font-medium wrap-anywhere">{card.name}</span>
        {card.status === "stopped" ? <span className="text-muted">Stopped</span> : <HealthMark health={card.health} />}
      </div>
      <StatusSummary card={card} />
    </Link>
  );
}

/** Shows the number of services for each status that occurs. */
export function StatusSummary({ card }: { card: ProjectCard }) {
  if (card.total === 0)
    return <span className="text-muted">{card.status === "stopped" ? "Not watched" : "No services yet"}</span>;
  const present = BY_CONCERN.filter((status) => card.counts[status] > 0);
  return (
    <span className="flex flex-wrap gap-x-3 gap-y-1 text-muted tabular-nums">
      {present.map((status) => (
        <span key={status} className="inline-flex items-center gap-1.5">
          <StatusShape status={status} className="size-3" />
          {card.counts[status]} {STATUS_WORDS[status].toLowerCase()}
        </span>
      ))}
      {present.length === 0 && count(card.total, "service")}
    </span>
  );
}
