/** A connection to the relay, with the delivery of the outbox by it. */
import type { Clock } from "../core/time/clock.ts";
import { failureOf, type RelayConnection } from "./connection.ts";
import { type DeliverDeps, Delivery } from "./deliver.ts";
import type { Outbox } from "./outbox.ts";
import { type RefusedStatus, refusedSubjects } from "./refused-subjects.ts";

interface Heard extends Pick<DeliverDeps, "acknowledged" | "failed" | "broken"> {
  count: { published: number; acknowledged: number };
}

export class Link {
  readonly connection: RelayConnection;
  readonly delivery: Delivery;
  readonly #outbox: Outbox;

  /** `heard`: is told what becomes of the events. */
  constructor(connection: RelayConnection, outbox: Outbox, clock: Clock, heard: Heard) {
    this.connection = connection;
    this.#outbox = outbox;
    const deps: DeliverDeps = {
      ...heard,
      heads: (chains, each) => outbox.heads(chains, each),
      hasMore: (chain) => outbox.depthOf(chain) > 0,
      remove: (ids) => outbox.remove(ids),
      publish: (event) => {
        heard.count.published += 1;
        return connection.publishDurable(event);
      },
      acknowledged: () => {
        heard.count.acknowledged += 1;
        heard.acknowledged();
      },
      isClosed: () => connection.isClosed,
      soon: () => clock.wait(0),
      now: clock.now,
      random: Math.random,
    };
    this.delivery = new Delivery(deps, outbox.chains());
  }

  /** `url`: NATS_URL, without user and password. */
  refused(url: string): RefusedStatus {
    const chains = this.delivery.refused().map(([chain, { subject, since, error }]) => {
      return { subject, since, failure: failureOf(error), events: this.#outbox.depthOf(chain) };
    });
    return refusedSubjects(chains, this.connection.refusedLatest(), url);
  }
}
