import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { projectsQuery } from "../../api/queries.ts";
import { useServices } from "../../live/live-context.tsx";
import { count } from "../../model/format.ts";
import { projectCards } from "../../model/project-card.ts";
import { Button } from "../../ui/button.tsx";
import { Empty, QueryState } from "../../ui/notice.tsx";
import { Page } from "../../ui/page.tsx";
import { useMayWrite, useWholeHub } from "../../ui/session.tsx";
import { ProjectTile } from "../overview/project-tile.tsx";
import { NewProject } from "./new-project.tsx";

export function Projects() {
  const { data: projects, error, refetch } = useQuery(projectsQuery);
  const services = useServices();
  const [isCreating, setIsCreating] = useState(false);
  const mayWrite = useMayWrite();
  const mayCreate = useWholeHub() && mayWrite;
  const cards = useMemo(() => projectCards(services.rows.values(), projects ?? []), [services, projects]);
  const add = mayCreate && <Button onClick={() => setIsCreating(true)}>New project</Button>;
  return (
    <Page title="Projects" lead={projects && count(projects.length, "project")} beside={add}>
      <QueryState query={{ data: projects, error, refetch }} what="the projects" />
      {projects?.length === 0 && (
        <Empty title="No projects yet">
          A project is a group of services that start and stop together, described by a manifest.
          {mayCreate && (
            <Button look="primary" onClick={() => setIsCreating(true)}>
              Create the first one
            </Button>
          )}
        </Empty>
      )}
      <ul className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
        {projects !== undefined &&
          cards.map((card) => (
            <li key={card.id}>
              <ProjectTile card={card} />
            </li>
          ))}
      </ul>
      {isCreating && <NewProject close={() => setIsCreating(false)} />}
    </Page>
  );
}
