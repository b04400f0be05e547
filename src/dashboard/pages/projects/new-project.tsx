import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useLocation } from "wouter";
import { api, HubProblem, problemText, responseBody } from "../../api/client.ts";
import { projectsQuery } from "../../api/queries.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";

export function NewProject({ close }: { close(): void }) {
  const [name, setName] = useState("");
  const [problem, setProblem] = useState<string>();
  const [, go] = useLocation();
  const client = useQueryClient();
  const create = async (event: FormEvent) => {
    event.preventDefault();
    try {
      const project = await responseBody(api.projects.$post({ json: { name: name.trim() } }));
      await client.invalidateQueries({ queryKey: projectsQuery.queryKey });
      go(`/projects/${project.id}`);
    } catch (error) {
      setProblem(error instanceof HubProblem ? (error.errors[0]?.message ?? error.message) : problemText(error));
    }
  };
  return (
    <Dialog title="New project" close={close}>
      <form onSubmit={(event) => void create(event)} className="flex flex-col gap-4">
        <Field label="Name" hint="a-z, 0-9, _ and -" error={problem}>
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
          <Button look="primary" type="submit">
            Make it
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
