import { useQuery, useQueryClient } from "@tanstack/react-query";
import { api, expectSuccess } from "../../api/client.ts";
import { type HubHealth, hubHealthQuery, sessionQuery } from "../../api/queries.ts";
import { tellSession } from "../../live/session-channel.ts";
import { Button } from "../../ui/button.tsx";
import { QueryState } from "../../ui/notice.tsx";
import { Page, Section } from "../../ui/page.tsx";
import { useIsAdmin, useSession, useWholeHub } from "../../ui/session.tsx";
import { ThemeSwitch } from "../../ui/shell.tsx";
import { StatusShape } from "../../ui/status-mark.tsx";
import { SignInForm } from "../sign-in.tsx";
import { Agents } from "./agents.tsx";
import { Audit } from "./audit.tsx";
import { Keys } from "./keys.tsx";

const SCOPE_WORDS = {
  read: "read",
  register: "register services",
  write: "read and change",
  admin: "do everything",
  agent: "report",
} as const;

export function Settings() {
  const isAdmin = useIsAdmin();
  return (
    <Page title="Settings">
      <Access />
      {isAdmin && <Agents />}
      {isAdmin && <Keys />}
      {isAdmin && <Audit />}
      <Section title="Appearance">
        <ThemeSwitch />
      </Section>
      <Hub />
    </Page>
  );
}

function Access() {
  const session = useSession();
  const client = useQueryClient();
  const signOut = async (everywhere: boolean) => {
    // The session is read again below, so an error here does not matter.
    await expectSuccess(api.session.$delete({ query: everywhere ? { everywhere: "true" } : {} })).catch(() => {});
    client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== sessionQuery.queryKey[0] });
    tellSession("out");
    await client.invalidateQueries({ queryKey: sessionQuery.queryKey });
  };
  return (
    <Section title="Access">
      <div className="card flex flex-col gap-4 px-5 py-4">
        {session.signed_in ? (
          <div className="flex flex-wrap items-center justify-between gap-3">
            <p>
              {session.scope === "admin"
                ? "Signed in as admin"
                : `Signed in; you may ${SCOPE_WORDS[session.scope ?? "read"]}`}
              {session.projects !== null && ", in the projects that your key is limited to"}.
            </p>
            <span className="flex flex-wrap gap-2">
              <Button onClick={() => void signOut(true)}>Sign out everywhere</Button>
              <Button onClick={() => void signOut(false)}>Sign out</Button>
            </span>
          </div>
        ) : (
          <>
            <p>Everybody may read here. To change something, sign in.</p>
            <div className="max-w-md">
              <SignInForm />
            </div>
          </>
        )}
      </div>
    </Section>
  );
}

function Hub() {
  const { hub } = useSession();
  const isWhole = useWholeHub();
  const { data, error, refetch } = useQuery(hubHealthQuery);
  return (
    <Section title="This hub">
      <div className="card flex flex-col gap-4 px-5 py-4">
        <dl className="grid gap-x-8 gap-y-3 sm:grid-cols-4">
          <Item name="Name" value={hub.name} />
          <Item name="Id" value={hub.id} />
          <Item name="Region" value={hub.region ?? "–"} />
          <Item name="Version" value={hub.version} />
        </dl>
        <QueryState query={{ data, error, refetch }} what="the hub's own health" rows={2} />
        {data !== undefined && <Checks checks={data.checks} />}
        <p className="flex gap-4">
          <a className="link" href="/docs">
            API
          </a>
          {isWhole && (
            <a className="link" href="/metrics">
              Metrics
            </a>
          )}
        </p>
      </div>
    </Section>
  );
}

function Item({ name, value }: { name: string; value: string }) {
  return (
    <div className="min-w-0">
      <dt className="text-muted">{name}</dt>
      <dd className="break-words">{value}</dd>
    </div>
  );
}

const CHECK_STATUS = { pass: "up", warn: "degraded", fail: "down" } as const;
const CHECK_WORDS = { pass: "Passes", warn: "Warns", fail: "Fails" } as const;

/** The checks of the hub itself, with the names from `GET /health`. */
function Checks({ checks }: { checks: HubHealth["checks"] }) {
  const all = Object.entries(checks).flatMap(([name, found]) => found.map((check) => ({ name, check })));
  return (
    <ul className="divide-y divide-line border-t border-line">
      {all.map(({ name, check }) => (
        <li key={name} className="grid grid-cols-[6rem_minmax(0,1fr)_auto] items-center gap-3 py-2">
          <span className="inline-flex items-center gap-2">
            <StatusShape status={CHECK_STATUS[check.status]} />
            {CHECK_WORDS[check.status]}
          </span>
          <code className="truncate font-mono">{name}</code>
          <span className="text-right text-muted tabular-nums">
            {check.output ?? `${check.observedValue ?? ""} ${check.observedUnit ?? ""}`}
          </span>
        </li>
      ))}
    </ul>
  );
}
