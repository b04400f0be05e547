/** Hubs that published their summary on NATS. They are shown, and never trusted: anybody who may publish can make up hubs. */

import { MAX_HUBS } from "../../core/federation/federation.ts";
import { toPeer } from "../../core/federation/peer-view.ts";
import type { Health } from "../../core/service/records.ts";
import { HEARD_GAP_MS } from "../../core/time/durations.ts";
import type { FederationNews } from "../../platform/bindings.ts";
import type { Db } from "../../store/database.ts";
import { getHub, listHubs, saveHeardHub } from "../../store/federation/hubs.ts";

const MAX_REMEMBERED = 1_000;

export class HeardHubs {
  readonly #db: Db;
  /** Seconds between two pulls. */
  readonly #interval: number;
  /** By hub id: when its summary was last looked at, Unix ms. */
  readonly #heardAt = new Map<string, number>();

  constructor(db: Db, interval: number) {
    this.#db = db;
    this.#interval = interval;
  }

  /** Writes the hub down and returns what is new of it. `now`: Unix ms. */
  async take(
    summary: { hub_id: string; overall_status: Health; service_count: number },
    now: number,
  ): Promise<FederationNews[]> {
    const { hub_id, overall_status } = summary;
    if (Math.abs(now - (this.#heardAt.get(hub_id) ?? 0)) < HEARD_GAP_MS) return [];
    if (this.#heardAt.size > MAX_REMEMBERED) this.#heardAt.clear();
    this.#heardAt.set(hub_id, now);
    const known = await getHub(this.#db, hub_id);
    if (known === undefined && (await listHubs(this.#db, ["heard"])).length >= MAX_HUBS) return [];
    if (known !== undefined && known.trust !== "heard") return []; // it tells of itself, which is worth more
    await saveHeardHub(this.#db, summary, now);
    const saved = await getHub(this.#db, hub_id);
    if (saved === undefined) return [];
    const news: FederationNews[] = [];
    if (known === undefined) news.push({ type: "hub", hub: toPeer(saved, this.#interval, now) });
    if (known?.overall_status !== overall_status) news.push({ type: "summary", hub_id, overall_status });
    return news;
  }
}
