/**
 * The one place that knows the session, for all tabs. Shows the pages to a caller that may read, and the sign-in to any
 * other. Over a session that ends by itself the pages stay, so that nothing typed is lost.
 */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect, useState } from "react";
import { type Session, sessionQuery } from "../api/queries.ts";
import { onSession } from "../live/session-channel.ts";
import { accessOf, hasEnded } from "../model/shown-session.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Failure } from "../ui/notice.tsx";
import { SessionContext } from "../ui/session.tsx";
import { mayLeave } from "../ui/unsaved.ts";
import { SignIn, SignInForm } from "./sign-in.tsx";

export function SessionGate({ children }: { children: ReactNode }) {
  const { data: session, error, refetch } = useQuery(sessionQuery);
  const [shown, setShown] = useState<Session | null>(null);
  const signedOut = useSignedOut();
  if (session === undefined) {
    return <div className="p-6">{error === null ? null : <Failure error={error} retry={() => void refetch()} />}</div>;
  }
  const isEnded = hasEnded(shown, session, signedOut.where !== null);
  if (!isEnded && shown !== session) setShown(session);
  const visible = isEnded ? shown : session;
  if (visible?.scope == null) {
    return <SignIn hub={session.hub} reason={signedOut.where === "elsewhere" ? ELSEWHERE : null} />;
  }
  return (
    <SessionContext key={accessOf(visible)} value={visible}>
      {children}
      {isEnded && <Ended mayRead={session.scope !== null} leave={signedOut.leave} />}
    </SessionContext>
  );
}

const ELSEWHERE = "You signed out in another tab.";

/** Signing in here or elsewhere ends it. */
function useSignedOut() {
  const client = useQueryClient();
  const [where, setWhere] = useState<"here" | "elsewhere" | null>(null);
  useEffect(
    () =>
      onSession((change, place) => {
        setWhere(change === "out" ? place : null);
        if (place === "elsewhere") void client.invalidateQueries({ queryKey: sessionQuery.queryKey });
      }),
    [client],
  );
  return { where, leave: () => mayLeave() && setWhere("here") };
}

function Ended({ mayRead, leave }: { mayRead: boolean; leave(): void }) {
  return (
    <Dialog title="Your session has ended" close={leave}>
      <div className="flex flex-col gap-4">
        <p>It expired, or its key was revoked. Sign in, and go on where you were: what you typed is still there.</p>
        <SignInForm />
        <Button onClick={leave}>{mayRead ? "Go on reading" : "Leave this page"}</Button>
      </div>
    </Dialog>
  );
}
