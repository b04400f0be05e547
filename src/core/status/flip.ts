/** A change of status, as the state of a service remembers it. */

import type { Status } from "../service/records.ts";
import { flapAfterFlip } from "./flapping.ts";
import type { MonitorState } from "./monitor-state.ts";
import type { Attempt } from "./recorded-flip.ts";

/** Times in Unix ms. */
export interface Change {
  service_id: number;
  to: Status;
  reason: string;
  at: number;
  began_at: number;
  evidence: Attempt[];
}

/** Returns the state after the change. Its times are whole and never before those that the state has. */
export function flip(state: MonitorState, change: Change): MonitorState {
  const at = Math.max(Math.round(change.at), state.since);
  const seq = state.seq + 1;
  const record = {
    seq,
    service_id: change.service_id,
    from: state.status,
    to: change.to,
    reason: change.reason,
    at: new Date(at).toISOString(),
    began_at: new Date(Math.max(Math.min(change.began_at, at), 0)).toISOString(),
    evidence: change.evidence,
  };
  return {
    ...state,
    status: change.to,
    since: at,
    seq,
    flap: flapAfterFlip(state.flap, at),
    flips: [...state.flips, record],
  };
}
