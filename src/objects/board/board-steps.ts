/** Steps that the board begins and that happen outside of it. The composition root makes these, see worker/. */
import type { RecordedFlip } from "../../core/status/recorded-flip.ts";
import type { ExpireDeps } from "../../pipeline/expire.ts";
import type { FollowDeps } from "../../pipeline/follow.ts";

export interface BoardSteps {
  /** When services were silent for too long. */
  expire: Omit<ExpireDeps, "failed">;
  /** When the registry has changed. */
  follow: Omit<FollowDeps, "enter" | "known" | "boardAdd" | "boardRemove">;
  /** Writes new flips to the database at once. Never rejects: the outcomes queue brings them again. */
  writeFlips(flips: RecordedFlip[]): Promise<void>;
}
