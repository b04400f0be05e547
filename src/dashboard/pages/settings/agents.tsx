/** Lists agents, sets them up and removes them. The key of a new one is shown only once, in the command that starts it. */
import { type QueryClient, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, expectSuccess, HubProblem, problemText, responseBody } from "../../api/client.ts";
import { type Agent, agentsQuery, keysQuery } from "../../api/queries.ts";
import { count } from "../../model/format.ts";
import { Ago } from "../../ui/ago.tsx";
import { Button } from "../../ui/button.tsx";
import { Copyable } from "../../ui/copyable.tsx";
import { Confirm } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { QueryState } from "../../ui/notice.tsx";
import { Section } from "../../ui/page.tsx";
import { useSession } from "../../ui/session.tsx";

const STATUS_LOOK: Record<Agent["status"], string> = {
  online: "font-medium text-up",
  offline: "font-medium text-down",
  new: "text-muted",
};
const STATUS_WORD: Record<Agent["status"], string> = { online: "online", offline: "offline", new: "never connected" };

export function Agents() {
  const { data: agents, error, refetch } = useQuery(agentsQuery);
  return (
    <Section title="Agents">
      <div className="card flex flex-col gap-4 px-5 py-4">
        <QueryState query={{ data: agents, error, refetch }} what="the agents" rows={2} />
        {agents?.length === 0 && (
          <p className="text-muted">
            None yet. An agent checks services in a private network and registers containers; it speaks only outbound.
          </p>
        )}
        {agents !== undefined && agents.length > 0 && (
          <ul className="divide-y divide-line">
            {agents.map((agent) => (
              <AgentRow key={agent.name} agent={agent} />
            ))}
          </ul>
        )}
        <NewAgent />
      </div>
    </Section>
  );
}

function AgentRow({ agent }: { agent: Agent }) {
  const [isConfirming, setIsConfirming] = useState(false);
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => expectSuccess(api.agents[":name"].$delete({ param: { name: agent.name } })),
    onSuccess: () => refreshed(client),
  });
  const { name, status, host, version, last_seen_at, service_count, waiting, dropped, problem } = agent;
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 py-2">
      <span className="min-w-0">
        <span className="font-medium break-words">{name}</span>{" "}
        <span className={STATUS_LOOK[status]}>{STATUS_WORD[status]}</span>{" "}
        <span className="text-muted">
          {count(service_count, "service")}
          {host !== null && ` on ${host}`}
          {version !== null && `, version ${version}`}
          {last_seen_at !== null && (
            <>
              , seen <Ago at={Date.parse(last_seen_at)} />
            </>
          )}
          {waiting > 0 && `, ${waiting} observations wait`}
          {dropped > 0 && `, ${dropped} were dropped`}
        </span>
        {problem !== null && <span className="block break-words text-down">{problem}</span>}
      </span>
      <Button look="danger" aria-label={`Remove the agent ${name}`} onClick={() => setIsConfirming(true)}>
        Remove
      </Button>
      {isConfirming && (
        <Confirm
          title={`Remove the agent ${name}?`}
          action="Remove it"
          busy={remove.isPending}
          problem={remove.error === null ? undefined : problemText(remove.error)}
          confirm={() => remove.mutate()}
          close={() => setIsConfirming(false)}
        >
          Its keys stop working at once. Its services stay, and become unknown.
        </Confirm>
      )}
    </li>
  );
}

function NewAgent() {
  const client = useQueryClient();
  const [name, setName] = useState("");
  const { hub } = useSession();
  const create = useMutation({
    mutationFn: (wanted: string) => responseBody(api.agents[":name"].$put({ param: { name: wanted } })),
    onSuccess: async () => {
      setName("");
      await refreshed(client);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate(name.trim());
  };
  const made = create.data;
  return (
    <>
      {made !== undefined && "key" in made && (
        <div role="status" className="flex flex-col gap-2 rounded-md bg-up-soft px-4 py-3">
          <p className="font-medium text-up">Run this on its machine. The key is shown this once.</p>
          <Copyable text={commandFor(made, hub.version)} what="the command" />
          <Arrival name={made.name} />
        </div>
      )}
      {made !== undefined && !("key" in made) && <p role="status">{made.name} is set up already.</p>}
      <form onSubmit={submit} className="flex flex-wrap items-start gap-3">
        <Field label="New agent" error={errorText(create.error)} className="min-w-44 flex-1">
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
        <Button type="submit" look="primary" className="sm:mt-6" disabled={create.isPending}>
          Set up
        </Button>
      </form>
    </>
  );
}

/** The keys of agents come and go with them. */
async function refreshed(client: QueryClient): Promise<void> {
  await client.invalidateQueries({ queryKey: agentsQuery.queryKey });
  await client.invalidateQueries({ queryKey: keysQuery.queryKey });
}

/** Listens for the agent until it is there. */
function Arrival({ name }: { name: string }) {
  const { data: agents } = useQuery({ ...agentsQuery, refetchInterval: ARRIVAL_MS });
  const agent = agents?.find((each) => each.name === name);
  const isThere = agent !== undefined && agent.status !== "new";
  return (
    <p className="flex items-center gap-2.5 font-medium">
      {isThere ? (
        <span className="text-up">
          {name} is connected{agent.host !== null && `, from ${agent.host}`}.
        </span>
      ) : (
        <>
          <span aria-hidden="true" className="beat size-2.5 rounded-full bg-accent" />
          Listening for it …
        </>
      )}
    </p>
  );
}

const ARRIVAL_MS = 2_000;

function commandFor({ name, key }: { name: string; key: string }, version: string): string {
  return [
    "# Needs Node 22.13 or newer. `npm run package` in a checkout of the hub makes the package; copy it to that machine:",
    `npm install --global ./commandcenter-hub-${version}.tgz`,
    `HUB_KEY=${key} hub agent --hub ${location.origin} --name ${name}`,
  ].join("\n");
}

function errorText(error: unknown): string | undefined {
  if (error === null) return undefined;
  return (error instanceof HubProblem && error.errors[0]?.message) || problemText(error);
}
