/** Keeps the tags and metadata of the watched services in memory, and reads only those of services that changed. */
import { ServiceLabels } from "../../core/board/service-labels.ts";
import { errorText, log } from "../../platform/log.ts";
import type { Db } from "../../store/database.ts";
import { type ChangedLabels, changedLabels } from "../../store/registry/service-labels.ts";

const PAGE_SERVICES = 500;

export class LabelFollower {
  readonly labels = new ServiceLabels();
  readonly #db: Db;
  /** The labels that were read. `revision`: of the last change; `head`: of the registry at that time. */
  #read: { epoch: string | null; revision: number; head: number } = { epoch: null, revision: 0, head: 0 };
  #last: Promise<void> = Promise.resolve();
  /** Has not begun. */
  #next: Promise<void> | null = null;

  constructor(db: Db) {
    this.#db = db;
  }

  /** Never rejects: while the database does not answer, the labels stay as they are. */
  refresh(): Promise<void> {
    // Callers that ask while pages are read share the reading after that, which finds what changed in between.
    this.#next ??= this.#last = this.#last.then(async () => {
      this.#next = null;
      await this.#follow();
    });
    return this.#next;
  }

  async #follow(): Promise<void> {
    try {
      await this.#readPages();
      if (!this.labels.isOutgrown) return;
      this.#read.revision = 0;
      await this.#readPages();
    } catch (error) {
      log("warn", "labels.read_later", { error: errorText(error) });
    }
  }

  async #readPages(): Promise<void> {
    while (this.#take(await changedLabels(this.#db, this.#read.revision, PAGE_SERVICES)));
  }

  /** Returns whether there are more. */
  #take({ registry: { epoch, revision, floor }, changes, more }: ChangedLabels): boolean {
    const { epoch: known, head } = this.#read;
    if (epoch !== known || revision < head || floor > head) {
      this.labels.clear();
      this.#read = { epoch, revision: 0, head: revision };
      return true;
    }
    for (const { id, labels } of changes) {
      if (labels === null) this.labels.delete(id);
      else this.labels.set(id, labels);
    }
    this.#read = { epoch, revision: changes.at(-1)?.revision ?? this.#read.revision, head: revision };
    return more;
  }
}
