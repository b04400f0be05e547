/** The editor for the manifest of a project, as YAML. It shows a plan before it applies changes. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Suspense, useEffect, useMemo, useState } from "react";
import { parse, stringify } from "yaml";
import { type ManifestEntry, manifestEntry } from "../../../core/service/manifest-export.ts";
import { type FieldError, HubProblem, problemOf, problemText } from "../../api/client.ts";
import { type Project, projectServicesQuery, projectsQuery } from "../../api/queries.ts";
import { useLive } from "../../live/live-context.tsx";
import { entriesOf, type Plan, type ServiceChange, serviceChanges } from "../../model/manifest-changes.ts";
import { EMPTY_MANIFEST } from "../../model/manifest-text.ts";
import { Button } from "../../ui/button.tsx";
import { lazyPage } from "../../ui/lazy-page.ts";
import { Loading, QueryState } from "../../ui/notice.tsx";
import { Section } from "../../ui/page.tsx";
import { useMayWrite } from "../../ui/session.tsx";
import { useUnsaved } from "../../ui/unsaved.ts";
import { PlanView } from "./plan-view.tsx";

const ManifestEditor = lazyPage(async () => (await import("./manifest-editor.tsx")).ManifestEditor);

export function Manifest({ project }: { project: Project }) {
  const { data: services, error, refetch } = useQuery(projectServicesQuery(project.id));
  const entries = useMemo(() => services?.map(manifestEntry), [services]);
  const { store } = useLive();
  useEffect(() => {
    if (services !== undefined) store.addListed(services);
  }, [services, store]);
  return (
    <Section title="Manifest">
      <QueryState query={{ data: entries, error, refetch }} what="the manifest" />
      {entries !== undefined && <Editor key={JSON.stringify(entries)} project={project} entries={entries} />}
    </Section>
  );
}

/** `revision`: of the services that the plan was made for. */
type Preview = { changes: ServiceChange[]; unchanged: number; revision: string };

function Editor({ project, entries }: { project: Project; entries: readonly ManifestEntry[] }) {
  const before = useMemo(() => (entries.length === 0 ? EMPTY_MANIFEST : stringify({ services: entries })), [entries]);
  const [text, setText] = useState(before);
  const mayWrite = useMayWrite();
  const client = useQueryClient();
  const preview = useMutation({
    mutationFn: async (): Promise<Preview> => {
      const { plan, revision } = await putManifest(project.id, text, null);
      return { changes: serviceChanges(plan, entries, entriesOf(parse(text))), unchanged: plan.unchanged, revision };
    },
  });
  const apply = useMutation({
    mutationFn: (revision: string) => putManifest(project.id, text, revision),
    onSuccess: () => {
      preview.reset();
      return client.invalidateQueries({ queryKey: projectsQuery.queryKey });
    },
  });
  const busy = preview.isPending || apply.isPending;
  useUnsaved(text !== before && !apply.isPending);
  const error = apply.error ?? preview.error;
  const errors = useMemo(() => (error === null ? [] : errorsOf(error)), [error]);
  const edit = (next: string) => {
    if (next === text) return;
    setText(next);
    preview.reset();
    apply.reset();
  };
  return (
    <div className="flex flex-col gap-3">
      <Suspense fallback={<Loading what="the editor" rows={6} />}>
        <ManifestEditor text={text} readOnly={!mayWrite} errors={errors} change={edit} />
      </Suspense>
      {errors.length > 0 && <Refused errors={errors} />}
      {preview.data !== undefined && (
        <PlanView {...preview.data} busy={busy} apply={apply.mutate} cancel={() => preview.reset()} />
      )}
      {mayWrite && preview.data === undefined && (
        <div className="flex flex-wrap gap-2">
          <Button look="primary" disabled={busy || text === before} onClick={() => preview.mutate()}>
            Preview the changes
          </Button>
          <Button disabled={busy || text === before} onClick={() => edit(before)}>
            Undo my edits
          </Button>
        </div>
      )}
    </div>
  );
}

function Refused({ errors }: { errors: readonly FieldError[] }) {
  return (
    <div role="alert" className="card border-down px-4 py-3">
      <p className="font-medium text-down">The hub refuses this manifest; nothing was changed.</p>
      <ul className="mt-1 flex flex-col gap-0.5">
        {errors.map(({ path, message }) => (
          <li key={`${path} ${message}`} className="break-words">
            {path !== "" && <code className="font-mono">{path}: </code>}
            {message}
          </li>
        ))}
      </ul>
    </div>
  );
}

function errorsOf(error: unknown): readonly FieldError[] {
  if (error instanceof HubProblem && error.errors.length > 0) return error.errors;
  return [{ path: "", message: problemText(error) }];
}

/**
 * Calls `fetch` directly, because the typed client sends JSON and the text of the user is YAML. `revision`: of the plan
 * that was shown, which is applied to nothing else; null: only plans.
 */
async function putManifest(
  id: number,
  text: string,
  revision: string | null,
): Promise<{ plan: Plan; revision: string }> {
  const response = await fetch(`/api/projects/${id}/manifest${revision === null ? "?dry_run=true" : ""}`, {
    method: "PUT",
    headers: { "content-type": "application/yaml", ...(revision !== null && { "if-match": `"${revision}"` }) },
    body: text,
  });
  if (!response.ok) throw await problemOf(response);
  return await response.json();
}
