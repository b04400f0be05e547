/** Answers another hub that asks what changed in this hub's registry. */
import type { Introduction, SyncPage } from "../core/federation/federation.ts";
import type { PageStart, RegistryState, SyncQuery } from "../core/federation/replication.ts";
import { type Change, syncPage } from "../core/federation/sync-page.ts";
import type { LiveState } from "../core/service/records.ts";
import { ownMark, signedMark } from "./revision-marks.ts";

export interface AnswerDeps {
  /** Unix ms. */
  now(): number;
  hubId: string;
  begin(asked: SyncQuery): Promise<Exclude<PageStart, { kind: "reborn" }>>;
  changesSince(
    revision: number,
  ): Promise<{ registry: RegistryState; changes: Change[]; more: boolean; hubs: Introduction[] }>;
  /** Returns the name of the revision's mark. The next request proves with it that it belongs to this registry. */
  markOf(revision: number): Promise<string>;
  /** See marks.ts. */
  markSecret(): Promise<string>;
  live(ids: number[]): Promise<ReadonlyMap<number, LiveState>>;
}

/** Returns null when nothing changed. `asker`: the hub that asks; it needs no introduction to itself. */
export async function answerSync(asker: string, asked: SyncQuery, deps: AnswerDeps): Promise<SyncPage | null> {
  const secret = await deps.markSecret();
  const start = await deps.begin(await believed(asked, secret));
  if (start.kind === "nothing") return null;
  const { registry, changes, more, hubs } = await deps.changesSince(start.since);
  const watched = changes.flatMap(({ service_id, row }) => (row === null ? [] : [service_id]));
  const page = syncPage({
    hubId: deps.hubId,
    registry,
    full: start.full,
    changes,
    more,
    now: deps.now(),
    hubs: hubs.filter(({ hub_id }) => hub_id !== asker),
    live: watched.length === 0 ? new Map() : await deps.live(watched),
  });
  return { ...page, mark: await signedMark(secret, page, await deps.markOf(page.revision)) };
}

/** Whatever else a hub says that it has costs itself a full copy, and this hub nothing. */
async function believed(asked: SyncQuery, secret: string): Promise<SyncQuery> {
  const { epoch, head: revision, mark } = asked;
  const name = epoch === null || mark === null ? null : await ownMark(secret, { epoch, revision }, mark);
  return name === null ? { ...asked, epoch: null, mark: null } : { ...asked, mark: name };
}
