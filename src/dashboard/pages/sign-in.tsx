/** The sign-in page of a hub that requires a key for reading. */
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, HubProblem, problemText, responseBody } from "../api/client.ts";
import { type Session, sessionQuery } from "../api/queries.ts";
import { tellSession } from "../live/session-channel.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";

/** `reason`: why the user is asked again; null: nothing was before. */
export function SignIn({ hub, reason }: { hub: Session["hub"]; reason: string | null }) {
  return (
    <main className="flex min-h-full items-center justify-center p-4">
      <div className="card flex w-full max-w-md flex-col gap-5 p-6 sm:p-8">
        <div className="flex items-center gap-3">
          <img src="/favicon.svg" alt="" className="size-10" />
          <div className="min-w-0">
            <h1 className="truncate text-xl font-semibold">{hub.name}</h1>
            <p className="text-muted">CommandCenter Hub {hub.version}</p>
          </div>
        </div>
        {reason !== null && <p role="status">{reason}</p>}
        <SignInForm />
        <p className="text-muted">
          On your own machine, <code className="font-mono">npm start</code> prints the admin token beside the URL.
          Elsewhere, ask whoever runs this hub for a key.
        </p>
      </div>
    </main>
  );
}

export function SignInForm() {
  const client = useQueryClient();
  const [key, setKey] = useState("");
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const signIn = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      const session = await responseBody(api.session.$post({ json: { key: key.trim() } }));
      client.setQueryData(sessionQuery.queryKey, session);
      tellSession("in");
      await client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== sessionQuery.queryKey[0] });
    } catch (error) {
      setProblem(error instanceof HubProblem ? error.message : problemText(error)); // of the key, not of a session
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void signIn(event)} className="flex flex-col gap-4">
      {/* With this user name, password managers keep one entry for each hub. */}
      <input type="text" autoComplete="username" readOnly hidden value={location.host} />
      <Field
        label="Key or admin token"
        error={problem}
        hint="Kept by your browser in a cookie that no script can read."
      >
        {(control) => (
          <input
            {...control}
            type="password"
            autoComplete="current-password"
            required
            className="field font-mono"
            value={key}
            onChange={(event) => setKey(event.target.value)}
          />
        )}
      </Field>
      <Button look="primary" type="submit" disabled={busy || key.trim() === ""}>
        Sign in
      </Button>
    </form>
  );
}
