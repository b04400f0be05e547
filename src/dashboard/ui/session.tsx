/** The session of the user, and what the user may do. */
import { createContext, use } from "react";
import type { Session } from "../api/queries.ts";

export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = use(SessionContext);
  if (session === null) throw new Error("outside of SessionContext");
  return session;
}

export function useMayWrite(): boolean {
  const { scope } = useSession();
  return scope === "write" || scope === "admin";
}

/** False for a key that is limited to projects: the hub refuses it everything else, so the pages do not offer it. */
export function useWholeHub(): boolean {
  return useSession().projects === null;
}

/** Whether the user may change what concerns the whole hub. */
export function useIsAdmin(): boolean {
  const { scope, projects } = useSession();
  return scope === "admin" && projects === null;
}
