/** Decides for whom the pages are shown, when the session changes under them. */
import type { Session } from "../api/queries.ts";

type Access = Pick<Session, "signed_in" | "scope" | "projects">;

/** Pages are made anew when this changes; else they go on with what was typed into them. */
export function accessOf({ signed_in, scope, projects }: Access): string {
  return JSON.stringify([signed_in, scope, projects]);
}

/**
 * Whether the session ended by itself: it expired, or its key was revoked. Who signs out does not want to see more.
 * `shown`: for whom the pages are shown; null: they are not. `hasSignedOut`: in any tab.
 */
export function hasEnded(shown: Access | null, now: Access, hasSignedOut: boolean): boolean {
  return shown?.signed_in === true && !now.signed_in && !hasSignedOut;
}
