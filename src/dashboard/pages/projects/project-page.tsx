/** One project: its services, its manifest, and buttons that start, stop and delete it. */
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { HubProblem } from "../../api/client.ts";
import { type Project, projectQuery } from "../../api/queries.ts";
import { usePasts, useServices } from "../../live/live-context.tsx";
import { projectCards } from "../../model/project-card.ts";
import { DEFAULT_VIEW, listRows } from "../../model/service-list.ts";
import { LinkButton } from "../../ui/button.tsx";
import { Empty, Loading, QueryState } from "../../ui/notice.tsx";
import { Page, Section } from "../../ui/page.tsx";
import { useMayWrite } from "../../ui/session.tsx";
import { HealthMark } from "../../ui/status-mark.tsx";
import { StatusSummary } from "../overview/project-tile.tsx";
import { AddService } from "../service/add-service.tsx";
import { ServiceLines } from "../services/service-lines.tsx";
import { Manifest } from "./manifest.tsx";
import { ProjectActions } from "./project-actions.tsx";

const MAX_SHOWN = 50;

export function ProjectPage({ id }: { id: number }) {
  const { data: project, error, refetch } = useQuery(projectQuery(id));
  if (error instanceof HubProblem && error.status === 404) {
    return (
      <Page title="No such project">
        <Empty title="There is no project with this number">
          <LinkButton href="/projects">All projects</LinkButton>
        </Empty>
      </Page>
    );
  }
  if (project === undefined) {
    return (
      <Page title="Project">
        <QueryState query={{ error, refetch }} what="the project" />
      </Page>
    );
  }
  return <LoadedProject project={project} />;
}

function LoadedProject({ project }: { project: Project }) {
  const mayWrite = useMayWrite();
  const services = useServices();
  const rows = useMemo(
    () =>
      listRows(
        [...services.rows.values()].filter((row) => row.project_id === project.id),
        DEFAULT_VIEW,
      ),
    [services, project.id],
  );
  const shown = useMemo(() => rows.slice(0, MAX_SHOWN), [rows]);
  usePasts(shown);
  const [card] = useMemo(() => projectCards(rows, [project]), [rows, project]);
  const stopped = project.status === "stopped";
  return (
    <Page
      title={project.name}
      lead={
        <span className="flex flex-wrap items-center gap-x-4 gap-y-1">
          {stopped ? "Stopped: nothing of it is checked" : card !== undefined && <HealthMark health={card.health} />}
          {card !== undefined && !stopped && <StatusSummary card={card} />}
        </span>
      }
      beside={mayWrite && <ProjectActions project={project} />}
    >
      <Section title="Services" beside={mayWrite && rows.length > 0 && <AddService project={project.name} />}>
        {rows.length === 0 && project.service_count > 0 && <Loading what="the services" />}
        {rows.length === 0 && project.service_count === 0 && (
          <Empty title="No services yet">
            Add one here, or write the manifest below.
            {mayWrite && <AddService project={project.name} look="primary" />}
          </Empty>
        )}
        {rows.length > 0 && <ServiceLines rows={shown} />}
        <div className="flex flex-wrap gap-2">
          {rows.length > MAX_SHOWN && (
            <LinkButton href={`/services?project=${encodeURIComponent(project.name)}`}>
              All {rows.length} services
            </LinkButton>
          )}
          {rows.length > 0 && (
            <LinkButton href={`/dependencies?project=${encodeURIComponent(project.name)}`}>Dependencies</LinkButton>
          )}
        </div>
      </Section>
      <Manifest project={project} />
    </Page>
  );
}
