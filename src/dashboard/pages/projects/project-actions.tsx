import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { api, expectSuccess, problemText, responseBody } from "../../api/client.ts";
import { type Project, projectQuery, projectsQuery } from "../../api/queries.ts";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/dialog.tsx";

export function ProjectActions({ project }: { project: Project }) {
  const [deleting, setDeleting] = useState(false);
  const client = useQueryClient();
  const [, go] = useLocation();
  const param = { id: String(project.id) };
  const toggle = useMutation({
    mutationFn: () => {
      const { start, stop } = api.projects[":id"];
      return responseBody(project.status === "running" ? stop.$post({ param }) : start.$post({ param }));
    },
    onSuccess: (changed) => {
      client.setQueryData(projectQuery(project.id).queryKey, changed);
      return client.invalidateQueries({ queryKey: projectsQuery.queryKey });
    },
  });
  const remove = useMutation({
    mutationFn: () => expectSuccess(api.projects[":id"].$delete({ param })),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: projectsQuery.queryKey, exact: true });
      go("/projects");
    },
  });
  return (
    <div className="flex flex-col items-end gap-1.5">
      <div className="flex gap-2">
        <Button disabled={toggle.isPending} onClick={() => toggle.mutate()}>
          {project.status === "running" ? "Stop" : "Start"}
        </Button>
        <Button look="danger" onClick={() => setDeleting(true)}>
          Delete
        </Button>
      </div>
      <span role="status" className="text-down">
        {toggle.error !== null && problemText(toggle.error)}
      </span>
      {deleting && (
        <Confirm
          title={`Delete ${project.name}?`}
          action="Delete it with its services"
          busy={remove.isPending}
          problem={remove.error === null ? undefined : problemText(remove.error)}
          confirm={() => remove.mutate()}
          close={() => setDeleting(false)}
        >
          Its {project.service_count} services and their history are deleted with it. To stop checking and keep them,
          stop the project.
        </Confirm>
      )}
    </div>
  );
}
