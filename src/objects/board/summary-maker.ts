/** Makes the health summary from the board, the registry of projects, and the labels of the services. */
import type { BoardEntry } from "../../core/board/board-entry.ts";
import { type Summary, summarize } from "../../core/board/summary.ts";
import { type Reach, withinReach } from "../../core/hub/reach.ts";
import type { Clock } from "../../core/time/clock.ts";
import type { Db } from "../../store/database.ts";
import { listAllProjects } from "../../store/registry/projects.ts";
import { LabelFollower } from "./label-follower.ts";

export class SummaryMaker {
  readonly #db: Db;
  readonly #clock: Clock;
  readonly #follower: LabelFollower;

  constructor(db: Db, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
    this.#follower = new LabelFollower(db);
  }

  /** Returns the summary of these projects at this moment. Throws when the database does not answer. */
  async make(hubId: string, entries: readonly BoardEntry[], reach: Reach): Promise<Summary> {
    const [all] = await Promise.all([listAllProjects(this.#db), this.#follower.refresh()]);
    const { labels } = this.#follower;
    const own = withinReach(reach, entries, ({ check }) => check.project_id);
    const projects = withinReach(reach, all, ({ id }) => id);
    const services = own.map(({ check, live }) => ({ ...check, live, labels: labels.of(check.service_id) }));
    return summarize(hubId, services, projects, this.#clock.now(), labels.leftOut);
  }
}
