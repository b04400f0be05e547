/** The subjects that the relay refuses while it takes others, for the status of the bridge. */
import type { BridgeStatus, RefusedSubject } from "../platform/bindings.ts";
import type { LatestRefusal } from "./latest-refusals.ts";
import { type NatsFailure, refusalReason } from "./reason.ts";

const MAX_SHOWN = 10;

export type RefusedStatus = Pick<BridgeStatus, "refused" | "refused_subjects" | "refused_events">;

export const NO_REFUSALS: RefusedStatus = { refused: [], refused_subjects: 0, refused_events: 0 };

/** A chain whose next event is refused. */
export interface RefusedChain {
  subject: string;
  failure: NatsFailure;
  /** Number of events that wait. */
  events: number;
  /** When the first of them was added, Unix ms. */
  since: number;
}

/** `url`: NATS_URL, without user and password. */
export function refusedSubjects(
  chains: Iterable<RefusedChain>,
  latest: ReadonlyMap<string, LatestRefusal>,
  url: string,
): RefusedStatus {
  const found = new Map<string, Omit<RefusedChain, "subject">>();
  for (const [subject, { failure, since }] of latest) found.set(subject, { failure, since, events: 0 });
  let refused_events = 0;
  for (const { subject, failure, events, since } of chains) {
    const known = found.get(subject);
    found.set(subject, {
      failure,
      events: events + (known?.events ?? 0),
      since: Math.min(since, known?.since ?? since),
    });
    refused_events += events;
  }
  const first = [...found].toSorted(([, a], [, b]) => a.since - b.since).slice(0, MAX_SHOWN);
  const refused = first.map(([subject, { failure, events, since }]): RefusedSubject => {
    return { subject, reason: refusalReason(failure, url), events, since };
  });
  return { refused, refused_subjects: found.size, refused_events };
}
