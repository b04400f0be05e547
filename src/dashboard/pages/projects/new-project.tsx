import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { api, HubProblem, problemText, responseBody } from "../../api/client.ts";
import { projectsQuery } from "../../api/queries.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";

export function NewProject({ close }: { close(): void }) {
  const [name, setName] = useState("");
  const [, go] = useLocation();
  const client = useQueryClient();
  const create = useMutation({
    mutationFn: () => responseBody(api.projects.$post({ json: { name: name.trim() } })),
    onSuccess: async (project) => {
      await client.invalidateQueries({ queryKey: projectsQuery.queryKey });
      go(`/projects/${project.id}`);
    },
  });
  return (
    <Dialog title="New project" isUnsaved={name.trim() !== "" && !create.isPending} close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate();
        }}
        className="flex flex-col gap-4"
      >
        <Field
          label="Name"
          hint="a-z, 0-9, _ and -"
          error={create.error === null ? undefined : whatIsWrong(create.error)}
        >
          {(control) => (
            <input
              {...control}
              required
              autoComplete="off"
              className="field font-mono"
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        <div className="flex justify-end gap-2">
          <Button onClick={close}>Cancel</Button>
          <Button look="primary" type="submit" disabled={create.isPending}>
            Create it
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function whatIsWrong(error: Error): string {
  return (error instanceof HubProblem ? error.errors[0]?.message : undefined) ?? problemText(error);
}
