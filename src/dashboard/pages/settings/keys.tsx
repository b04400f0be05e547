/** Lists, creates and revokes API keys. A new key is shown only once. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, expectSuccess, type FieldError, HubProblem, problemText, responseBody } from "../../api/client.ts";
import { type Key, keysQuery } from "../../api/queries.ts";
import { Ago } from "../../ui/ago.tsx";
import { Button } from "../../ui/button.tsx";
import { Copyable } from "../../ui/copyable.tsx";
import { Confirm } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { Failure, Loading } from "../../ui/notice.tsx";
import { Section } from "../../ui/page.tsx";

const SCOPES: readonly Key["scope"][] = ["read", "write", "admin", "agent"];

export function Keys() {
  const { data: keys, error, refetch } = useQuery(keysQuery);
  return (
    <Section title="Keys">
      <div className="card flex flex-col gap-4 px-5 py-4">
        {keys === undefined && error === null && <Loading what="the keys" rows={2} />}
        {keys === undefined && error !== null && <Failure error={error} retry={() => void refetch()} />}
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
  const [problem, setProblem] = useState<string>();
  const client = useQueryClient();
  const revoke = async () => {
    try {
      await expectSuccess(api.keys[":id"].$delete({ param: { id: String(item.id) } }));
      await client.invalidateQueries({ queryKey: keysQuery.queryKey });
      setIsConfirming(false);
    } catch (error) {
      setProblem(problemText(error));
    }
  };
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 py-2">
      <span className="min-w-0">
        <span className="font-medium break-words">{item.name}</span>{" "}
        <span className="text-muted">
          {item.scope}
          {item.agent !== null && ` ${item.agent}`}, made <Ago at={Date.parse(item.created_at)} />
        </span>
      </span>
      <Button look="danger" aria-label={`Revoke ${item.name}`} onClick={() => setIsConfirming(true)}>
        Revoke
      </Button>
      {isConfirming && (
        <Confirm
          title={`Revoke ${item.name}?`}
          action="Revoke it"
          busy={false}
          problem={problem}
          confirm={() => void revoke()}
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
  const [form, setForm] = useState({ name: "", scope: "read" as Key["scope"], agent: "" });
  const [errors, setErrors] = useState<readonly FieldError[]>([]);
  const [shown, setShown] = useState<{ name: string; key: string } | null>(null);
  const create = async (event: FormEvent) => {
    event.preventDefault();
    const { name, scope, agent } = form;
    try {
      const json = { name: name.trim(), scope, ...(scope === "agent" && { agent: agent.trim() }) };
      const made = await responseBody(api.keys.$post({ json }));
      setShown({ name: made.name, key: made.key });
      setForm({ name: "", scope: "read", agent: "" });
      setErrors([]);
      await client.invalidateQueries({ queryKey: keysQuery.queryKey });
    } catch (error) {
      const refused = error instanceof HubProblem ? error.errors : [];
      setErrors(refused.length > 0 ? refused : [{ path: "name", message: problemText(error) }]);
    }
  };
  const errorOf = (path: string) => errors.find((error) => error.path === path)?.message;
  return (
    <>
      {shown !== null && (
        <div role="status" className="flex flex-col gap-2 rounded-md bg-up-soft px-4 py-3">
          <p className="font-medium text-up">The key {shown.name}. It is shown this once: copy it now.</p>
          <Copyable text={shown.key} what="the key" />
        </div>
      )}
      <form onSubmit={(event) => void create(event)} className="flex flex-wrap items-start gap-3">
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
        <Field label="Scope" error={errorOf("scope")}>
          {(control) => (
            <select
              {...control}
              className="field"
              value={form.scope}
              onChange={(event) =>
                setForm({ ...form, scope: SCOPES.find((each) => each === event.target.value) ?? "read" })
              }
            >
              {SCOPES.map((scope) => (
                <option key={scope}>{scope}</option>
              ))}
            </select>
          )}
        </Field>
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
        <Button type="submit" look="primary" className="sm:mt-6">
          Make a key
        </Button>
      </form>
    </>
  );
}
