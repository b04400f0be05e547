/**
 * How a hub keeps a copy of another hub's registry. Every change of a service has a revision of its hub. A copy asks
 * for what changed since the revision that it has. Only the owner of a service changes it, so copies have no conflicts:
 * a copy can only be old. All functions are pure.
 */

/** The registry of the hub that answers. */
export interface RegistryState {
  /** Changes when the database was restored or made anew. Copies of an earlier epoch are worthless. */
  epoch: string;
  revision: number;
  /** The changes up to this revision are no longer known in detail. */
  floor: number;
}

/** The state of a copy, with which it asks for more. */
export interface Cursor {
  /** null: there is no copy. */
  epoch: string | null;
  /** The copy has all changes up to this revision. */
  revision: number;
  /**
   * The revision of the owner when it gave the last page. Between two pages it is ahead: what has changed since
   * `revision` was left out of the pages before, so they are of this revision and of no other.
   */
  head: number;
  /** The mark that the owner gave with `head`; null: none yet. */
  mark: string | null;
  /** Number of this copy. Services of earlier copies are removed once this copy is whole. */
  copy: number;
  /** True until all pages of a full copy have been taken in. */
  copying: boolean;
}

export interface SyncQuery {
  epoch: string | null;
  since: number;
  head: number;
  mark: string | null;
  copying: boolean;
}

/** The head of a page of changes. */
export interface PageHead {
  epoch: string;
  /** The revision of the hub at this moment. */
  revision: number;
  /** True for the first page of a full copy: forget what you know of me. */
  full: boolean;
  /** The revision to ask for next; null: this was the last page. */
  next: number | null;
  /** Belongs to `revision`. */
  mark: string;
}

export type PageStart =
  /** Nothing changed since. */
  | { kind: "nothing" }
  | { kind: "page"; full: boolean; since: number }
  /** The registry went back in time: it needs a new epoch, and everybody a new copy. */
  | { kind: "reborn" };

export function syncQuery({ epoch, revision, head, mark, copying }: Cursor): SyncQuery {
  return { epoch, since: revision, head, mark, copying };
}

/** Decides what to answer. `isMarked`: whether this registry gave the mark with the revision `head`. */
export function startOfPage(asked: SyncQuery, registry: RegistryState, isMarked: boolean): PageStart {
  const full = { kind: "page", full: true, since: 0 } as const;
  if (asked.epoch !== registry.epoch) return full;
  // While a full copy is made, its revision is older than what is forgotten, and that does not matter.
  // A copy of exactly the floor lacks nothing, if its mark is still there to prove that it is of this database.
  const isForgotten = asked.since < registry.floor || (asked.since === registry.floor && !isMarked);
  if (!asked.copying && isForgotten) return full;
  if (asked.since > registry.revision || asked.head > registry.revision || !isMarked) return { kind: "reborn" };
  if (asked.since === registry.revision && !asked.copying) return { kind: "nothing" };
  return { kind: "page", full: false, since: asked.since };
}

/** Thrown when an answer breaks the protocol. The text is for a person. */
export class ProtocolError extends Error {
  override name = "ProtocolError";
}

/**
 * Returns the cursor after the page. `whole`: the copy is complete, and services of earlier copies must go. Throws a
 * ProtocolError for a page that leads nowhere.
 */
export function advance(cursor: Cursor, page: PageHead): { cursor: Cursor; whole: boolean } {
  if (!page.full && page.epoch !== cursor.epoch) throw new ProtocolError("the epoch changed without a full copy");
  const from = page.full ? 0 : cursor.revision;
  const revision = page.next ?? page.revision;
  if (revision < from || (page.next !== null && (revision === from || revision > page.revision))) {
    throw new ProtocolError("the revisions of the answer do not rise");
  }
  const copying = page.full || cursor.copying;
  return {
    cursor: {
      epoch: page.epoch,
      revision,
      head: page.revision,
      mark: page.mark,
      copy: page.full ? cursor.copy + 1 : cursor.copy,
      copying: copying && page.next !== null,
    },
    whole: copying && page.next === null,
  };
}
