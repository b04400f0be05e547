import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { api, expectSuccess, problemText, responseBody } from "../../api/client.ts";
import { type Project, projectQuery, projectsQuery } from "../../api/queries.ts";
import { count } from "../../model/format.ts";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/dialog.tsx";

export function ProjectActions({ project }: { project: Project }) {
  const [asking, setAsking] = useState<"stop" | "delete" | null>(null);
  const client = useQueryClient();
  const [, go] = useLocation();
  const param = { id: String(project.id) };
  const toggle = useMutation({
    mutationFn: () => {
      const { start, stop } = api.projects[":id"];
      return responseBody(project.status === "running" ? stop.$post({ param }) : start.$post({ param }));
    },
    onSuccess: (changed) => {
      setAsking(null);
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
        {project.status === "running" ? (
          <Button onClick={() => setAsking("stop")}>Stop</Button>
        ) : (
          <Button disabled={toggle.isPending} onClick={() => toggle.mutate()}>
            Start
          </Button>
        )}
        <Button look="danger" onClick={() => setAsking("delete")}>
          Delete
        </Button>
      </div>
      <span role="status" className="text-down">
        {asking === null && toggle.error !== null && problemText(toggle.error)}
      </span>
      {asking === "stop" && (
        <Confirm
          title={`Stop ${project.name}?`}
          action={`Stop checking ${count(project.service_count, "service")}`}
          busy={toggle.isPending}
          problem={toggle.error === null ? undefined : problemText(toggle.error)}
          confirm={() => toggle.mutate()}
          close={() => setAsking(null)}
        >
          Nothing of it is checked until somebody starts it again, and nobody hears of an outage. Its services stay in
          the lists as stopped, with their history.
        </Confirm>
      )}
      {asking === "delete" && (
        <Confirm
          title={`Delete ${project.name}?`}
          action="Delete it with its services"
          busy={remove.isPending}
          problem={remove.error === null ? undefined : problemText(remove.error)}
          confirm={() => remove.mutate()}
          close={() => setAsking(null)}
        >
          Its {count(project.service_count, "service")} and their history are deleted with it. To stop checking and keep
          them, stop the project.
        </Confirm>
      )}
    </div>
  );
}
