import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { api, expectSuccess, problemText, responseBody } from "../../api/client.ts";
import { type Project, projectQuery, projectsQuery } from "../../api/queries.ts";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/dialog.tsx";

export function ProjectActions({ project }: { project: Project }) {
  const [deleting, setDeleting] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const client = useQueryClient();
  const [, go] = useLocation();
  const param = { id: String(project.id) };
  const run = async (work: () => Promise<void>) => {
    setBusy(true);
    setProblem(undefined);
    await work().catch((error) => setProblem(problemText(error)));
    setBusy(false);
  };
  const toggle = async () => {
    const { start, stop } = api.projects[":id"];
    const changed = await responseBody(project.status === "running" ? stop.$post({ param }) : start.$post({ param }));
    client.setQueryData(projectQuery(project.id).queryKey, changed);
    await client.invalidateQueries({ queryKey: projectsQuery.queryKey });
  };
  const remove = async () => {
    await expectSuccess(api.projects[":id"].$delete({ param }));
    await client.invalidateQueries({ queryKey: projectsQuery.queryKey, exact: true });
    go("/projects");
  };
  return (
    <div className="flex flex-col items-end gap-1.5">
      <div className="flex gap-2">
        <Button disabled={busy} onClick={() => void run(toggle)}>
          {project.status === "running" ? "Stop" : "Start"}
        </Button>
        <Button look="danger" onClick={() => setDeleting(true)}>
          Delete
        </Button>
      </div>
      <span role="status" className="text-down">
        {deleting ? "" : problem}
      </span>
      {deleting && (
        <Confirm
          title={`Delete ${project.name}?`}
          action="Delete it with its services"
          busy={busy}
          problem={problem}
          confirm={() => void run(remove)}
          close={() => setDeleting(false)}
        >
          Its {project.service_count} services and their history are deleted with it. To stop checking and keep them,
          stop the project.
        </Confirm>
      )}
    </div>
  );
}
