/** Lists, creates and revokes API keys. A new key is shown only once. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, expectSuccess, type FieldError, HubProblem, problemText, responseBody } from "../../api/client.ts";
import { type Key, keysQuery } from "../../api/queries.ts";
import { Ago } from "../../ui/ago.tsx";
import { Button } from "../../ui/button.tsx";
import { Copyable } from "../../ui/copyable.tsx";
import { Confirm } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { QueryState } from "../../ui/notice.tsx";
import { Section } from "../../ui/page.tsx";

const SCOPES: readonly Key["scope"][] = ["read", "register", "write", "admin", "agent"];

/** `projects`: names, separated by commas or blanks. */
const EMPTY = { name: "", scope: "read" as Key["scope"], agent: "", projects: "" };

export function Keys() {
  const { data: keys, error, refetch } = useQuery(keysQuery);
  return (
    <Section title="Keys">
      <div className="card flex flex-col gap-4 px-5 py-4">
        <QueryState query={{ data: keys, error, refetch }} what="the keys" rows={2} />
        {keys?.length === 0 && <p className="text-muted">No keys yet: only the admin token opens this hub.</p>}
        {keys !== undefined && keys.length > 0 && (
          <ul className="divide-y divide-line">
            {keys.map((key) => (
              <KeyRow key={key.id} item={key} />
            ))}
          </ul>
        )}
        <NewKey />
      </div>
    </Section>
  );
}

function KeyRow({ item }: { item: Key }) {
  const [isConfirming, setIsConfirming] = useState(false);
  const client = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => expectSuccess(api.keys[":id"].$delete({ param: { id: String(item.id) } })),
    onSuccess: () => client.invalidateQueries({ queryKey: keysQuery.queryKey }),
  });
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 py-2">
      <span className="min-w-0">
        <span className="font-medium break-words">{item.name}</span>{" "}
        {item.prefix !== null && <code className="font-mono text-muted">{item.prefix}…</code>}{" "}
        <span className="text-muted">
          {item.scope}
          {item.agent !== null && ` ${item.agent}`}
          {item.projects !== null && `, only ${item.projects.join(", ") || "projects that are deleted"}`}, created{" "}
          <Ago at={Date.parse(item.created_at)} />,{" "}
          {item.last_used_at === null ? (
            "never used"
          ) : (
            <>
              last used <Ago at={Date.parse(item.last_used_at)} />
            </>
          )}
        </span>
      </span>
      <Button look="danger" aria-label={`Revoke ${item.name}`} onClick={() => setIsConfirming(true)}>
        Revoke
      </Button>
      {isConfirming && (
        <Confirm
          title={`Revoke ${item.name}?`}
          action="Revoke it"
          busy={revoke.isPending}
          problem={revoke.error === null ? undefined : problemText(revoke.error)}
          confirm={() => revoke.mutate()}
          close={() => setIsConfirming(false)}
        >
          Whoever uses it is shut out at once. It can't be brought back.
        </Confirm>
      )}
    </li>
  );
}

function NewKey() {
  const client = useQueryClient();
  const [form, setForm] = useState(EMPTY);
  const create = useMutation({
    mutationFn: () => {
      const { name, scope, agent } = form;
      const projects = form.projects.split(/[\s,]+/).filter((each) => each !== "");
      const json = {
        name: name.trim(),
        scope,
        ...(scope === "agent" && { agent: agent.trim() }),
        ...(projects.length > 0 && { projects }),
      };
      return responseBody(api.keys.$post({ json }));
    },
    onSuccess: () => {
      setForm(EMPTY);
      return client.invalidateQueries({ queryKey: keysQuery.queryKey });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  const errors = create.error === null ? [] : errorsOf(create.error);
  const errorOf = (path: string) => errors.find((error) => error.path.split(".")[0] === path)?.message;
  const { data: made } = create;
  return (
    <>
      {made !== undefined && (
        <div role="status" className="flex flex-col gap-2 rounded-md bg-up-soft px-4 py-3">
          <p className="font-medium text-up">The key {made.name}. It is shown this once: copy it now.</p>
          <Copyable text={made.key} what="the key" />
        </div>
      )}
      <form onSubmit={submit} className="flex flex-wrap items-start gap-3">
        <Field label="New key for" error={errorOf("name")} className="min-w-44 flex-1">
          {(control) => (
            <input
              {...control}
              required
              autoComplete="off"
              className="field"
              value={form.name}
              onChange={(event) => setForm({ ...form, name: event.target.value })}
            />
          )}
        </Field>
        <ScopeField scope={form.scope} error={errorOf("scope")} choose={(scope) => setForm({ ...form, scope })} />
        {form.scope === "agent" && (
          <Field label="Agent" error={errorOf("agent")}>
            {(control) => (
              <input
                {...control}
                required
                autoComplete="off"
                className="field font-mono"
                value={form.agent}
                onChange={(event) => setForm({ ...form, agent: event.target.value })}
              />
            )}
          </Field>
        )}
        <Field
          label={form.scope === "register" ? "Project" : "Only for projects (optional)"}
          error={errorOf("projects")}
        >
          {(control) => (
            <input
              {...control}
              required={form.scope === "register"}
              autoComplete="off"
              placeholder="shop, billing"
              className="field font-mono"
              value={form.projects}
              onChange={(event) => setForm({ ...form, projects: event.target.value })}
            />
          )}
        </Field>
        <Button type="submit" look="primary" disabled={create.isPending} className="sm:mt-6">
          Create a key
        </Button>
      </form>
    </>
  );
}

interface ScopeFieldProps {
  scope: Key["scope"];
  error: string | undefined;
  choose: (scope: Key["scope"]) => void;
}

function ScopeField({ scope, error, choose }: ScopeFieldProps) {
  return (
    <Field label="Scope" error={error}>
      {(control) => (
        <select
          {...control}
          className="field"
          value={scope}
          onChange={(event) => choose(SCOPES.find((each) => each === event.target.value) ?? "read")}
        >
          {SCOPES.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      )}
    </Field>
  );
}

/** An error that no field is the cause of is shown at the first one. */
function errorsOf(error: Error): readonly FieldError[] {
  const refused = error instanceof HubProblem ? error.errors : [];
  return refused.length > 0 ? refused : [{ path: "name", message: problemText(error) }];
}
